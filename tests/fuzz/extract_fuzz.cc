#include "archive/extract.hh"
#include "archive/header.hh"
#include "base/file.hh"

#include "support/temp_dir.hh"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

using namespace engine;
namespace fs = std::filesystem;

namespace {

constexpr std::string_view kSentinel = "nobody writes here";

void must(bool good) {
  if (!good) std::abort();
}

/// Names that lead somewhere else, mean something elsewhere, or fit on no disk.
std::string hostile_name(std::size_t index) {
  static const std::array<std::string, 24> names = {"",
                                                    ".",
                                                    "..",
                                                    "../sentinel",
                                                    "/tmp/moonbox-escaped",
                                                    "a/b",
                                                    "a",
                                                    "A",
                                                    "Readme",
                                                    "README",
                                                    "stra\u00dfe",
                                                    "STRASSE",
                                                    "\u00e4",
                                                    "a\u0308",
                                                    "NUL",
                                                    "aux.txt",
                                                    "C:\\x",
                                                    "~",
                                                    "-rf",
                                                    std::string("a\0b", 3),
                                                    "\xff\xfe",
                                                    " trailing ",
                                                    std::string(255, 'n'),
                                                    std::string(300, 'n')};
  return names[index % names.size()];
}

/// A package made as the input says, out of bounds where it says so, with hashes and signature that
/// are right: what only a hostile author can make.
class PackageMaker {
 public:
  explicit PackageMaker(ByteView script) : script_(script), bytes_(archive::kHeaderSize) {}

  Bytes make() {
    static const crypto::SigningKey key{crypto::SigningKey::Seed{}};
    const archive::Entry root = directory("", 0);
    archive::Header header{.signer = key.public_key(),
                           .root = {.root_sighash = root.hash, .root_maxsize = root.size},
                           .table_position = root.position,
                           .table_size = root.table_size};
    header.signature = key.sign(archive::kSignatureContext, header.root.message());
    std::ranges::copy(archive::encode_header(header), bytes_.begin());
    return std::move(bytes_);
  }

 private:
  std::size_t next() {
    if (at_ == script_.size()) return 0;
    return std::to_integer<std::size_t>(script_[at_++]);
  }

  std::string name() {
    const std::size_t length = next();
    if (length >= 128) return hostile_name(length - 128);
    std::string out;
    for (std::size_t i = 0; i < length % 8 + 1; ++i)
      out += static_cast<char>(next());
    return out;
  }

  archive::Entry directory(std::string name, unsigned depth) {
    std::vector<archive::Entry> rows;
    for (std::size_t kind = next(); kind % 8 != 0 && rows.size() < 64; kind = next()) {
      std::string child = this->name();
      rows.push_back(kind % 8 < 3 && depth < 70 ? directory(std::move(child), depth + 1)
                                                : leaf(std::move(child), kind % 8));
    }
    std::ranges::stable_sort(rows, {}, &archive::Entry::name);
    std::vector<const archive::Entry*> stored;
    for (const archive::Entry& row : rows)
      stored.push_back(&row);
    const Bytes table = archive::encode_table(stored);
    return {.name = std::move(name),
            .type = archive::EntryType::directory,
            .hash = archive::sighash(rows),
            .size = table.size(),
            .position = append(table),
            .table_size = table.size()};
  }

  archive::Entry leaf(std::string name, std::size_t kind) {
    archive::Entry entry{.name = std::move(name), .type = archive::EntryType::file};
    if (kind == 3 && !last_.name.empty()) {  // one section for several files
      last_.name = std::move(entry.name);
      return last_;
    }
    if (kind == 4) entry.type = archive::EntryType::missing;
    const Bytes content(next() * 7, static_cast<std::byte>(next()));
    entry.hash = crypto::blake3(content);
    entry.size = content.size();
    entry.position = append(content);
    if (kind == 5) entry.position += next() << (next() % 64);
    if (kind == 6) entry.hash[0] ^= std::byte{1};
    if (kind != 4) last_ = entry;
    return entry;
  }

  std::uint64_t append(ByteView part) {
    const std::size_t position = bytes_.size();
    bytes_.insert(bytes_.end(), part.begin(), part.end());
    return position;
  }

  ByteView script_;
  std::size_t at_ = 0;
  Bytes bytes_;
  archive::Entry last_;
};

/// What lies below `folder`; nothing but files and folders may.
std::size_t count(const fs::path& folder) {
  if (!fs::exists(fs::symlink_status(folder))) return 0;
  std::size_t found = 0;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
    const fs::file_type type = entry.symlink_status().type();
    must(type == fs::file_type::regular || type == fs::file_type::directory);
    ++found;
  }
  return found;
}

void extract(const archive::Archive& package, const fs::path& directory) {
  must(static_cast<bool>(std::ofstream(directory / "sentinel") << kSentinel));
  const auto report = archive::extract_tree(package, directory / "out");
  const std::size_t written = count(directory / "out");
  if (report) {
    must(written == report->files + report->directories);
  } else {
    must(!report.error().message.empty());
  }
  std::size_t beside = 0;
  for (const fs::directory_entry& entry : fs::directory_iterator(directory)) {
    must(entry.path().filename() == "out" || entry.path().filename() == "sentinel");
    ++beside;
  }
  must(beside <= 2 && read_file(directory / "sentinel").value_or("") == kSentinel);
  must(!fs::exists("/tmp/moonbox-escaped"));
}

}  // namespace

/// Whatever a package holds, extracting it writes below its folder and nowhere else.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto* first = reinterpret_cast<const std::byte*>(data);
  const auto opened = archive::Archive::open(
      std::make_shared<archive::MemorySource>(PackageMaker({first, size}).make()));
  if (!opened) {
    must(!opened.error().message.empty());
    return 0;
  }
  const test::TempDir directory;
  extract(**opened, directory.path());
  return 0;
}
