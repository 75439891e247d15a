#include "unit/archive/vectors.hh"

#include "base/file.hh"
#include "json/reader.hh"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace engine;

namespace vectors {
namespace {

const json::Value& index() {
  static const json::Value value = json::parse(read_file(path("index.json")).value()).value();
  return value;
}

archive::Commitment commitment_of(const json::Value& value) {
  return {.root_sighash = archive::parse_root_sighash(value.string_or("rootSighash", "")).value(),
          .root_maxsize = static_cast<std::uint64_t>(value.integer_or("rootMaxsize", 0))};
}

}  // namespace

std::string path(const std::string& file) {
  return std::string(MOONBOX_SOURCE_DIR) + "/tests/data/s9pk/" + file;
}

std::vector<Vector> all() {
  std::vector<Vector> out;
  for (const json::Value& row : *index().find("vectors")->array()) {
    Vector vector{.file = row.string_or("file", ""),
                  .accept = row.string_or("expect", "") == "accept",
                  .level = row.string_or("level", ""),
                  .commitment = std::nullopt,
                  .row = row};
    if (const auto* wanted = row.find("commitment")) vector.commitment = commitment_of(*wanted);
    out.push_back(std::move(vector));
  }
  return out;
}

std::string content(const std::string& file) {
  return read_file(path(file)).value();
}

std::shared_ptr<const archive::ByteSource> source(const std::string& file) {
  return archive::FileSource::open(path(file)).value();
}

Result<std::shared_ptr<const archive::Archive>> open(const Vector& vector) {
  return archive::Archive::open(source(vector.file), {.commitment = vector.commitment});
}

std::shared_ptr<const archive::Archive> open(const std::string& file) {
  return archive::Archive::open(source(file)).value();
}

crypto::SigningKey key(const std::string& name) {
  for (const json::Value& row : *index().find("keys")->array()) {
    if (row.string_or("name", "") != name) continue;
    crypto::SigningKey::Seed seed;
    std::ranges::copy(from_hex(row.string_or("seed", "")).value(), seed.begin());
    return crypto::SigningKey(seed);
  }
  FAIL("no key " << name);
  return crypto::SigningKey::generate();
}

}  // namespace vectors
