#include "crypto/blake3.hh"

#include "base/file.hh"
#include "base/parallel.hh"

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <set>
#include <string>

using namespace engine;
using crypto::Digest;

namespace {

/// The input of the official test vectors: 0, 1, … 250, 0, 1, …
Bytes pattern(std::size_t size) {
  Bytes out(size);
  for (std::size_t i = 0; i < size; ++i)
    out[i] = static_cast<std::byte>(i % 251);
  return out;
}

Digest blake3_parallel(ByteView bytes, unsigned threads) {
  const crypto::PieceReader read = [bytes](std::uint64_t offset,
                                           MutableBytes scratch) -> Result<ByteView> {
    return bytes.subspan(static_cast<std::size_t>(offset), scratch.size());
  };
  return crypto::blake3_pieces(bytes.size(), read, {.threads = threads}).value();
}

std::string b3sum(const std::string& path) {
  std::FILE* pipe = ::popen(("b3sum --no-names " + path).c_str(), "r");
  std::array<char, 65> line{};
  const std::size_t got = std::fread(line.data(), 1, 64, pipe);
  ::pclose(pipe);
  return {line.data(), got};
}

UniqueFd memory_file(ByteView content) {
  UniqueFd fd(::memfd_create("blake3_test", MFD_CLOEXEC));
  REQUIRE(write_all(fd.get(), as_text(content)));
  return fd;
}

/// Sizes at which the tree changes its shape, and their neighbours.
std::set<std::size_t> boundary_sizes(std::size_t limit) {
  std::set<std::size_t> sizes = {0, 1};
  for (std::size_t power = 64; power <= limit; power *= 2) {
    for (std::size_t size : {power, power + power / 2, power + 1024, power + (256U << 10U)}) {
      for (std::size_t near : {size - 1, size, size + 1})
        sizes.insert(near);
    }
  }
  return sizes;
}

}  // namespace

TEST_CASE("crypto/blake3: gives the published digests", "[crypto]") {
  CHECK(to_hex(crypto::blake3({})) ==
        "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262");
  CHECK(to_hex(crypto::blake3(pattern(1))) ==
        "2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213");
  CHECK(to_hex(crypto::blake3(as_bytes("hello world"))) ==
        "d74981efa70a0c880b8d8c1985d075dbcbf679b99a5f9914e5aaf96b831a9e24");
}

TEST_CASE("crypto/blake3: any split of the input gives one digest", "[crypto]") {
  const Bytes input = pattern(70000);
  const Digest whole = crypto::blake3(input);
  for (std::size_t step : {1UL, 63UL, 64UL, 1023UL, 1024UL, 1025UL, 4096UL, 65536UL}) {
    crypto::Blake3 hash;
    for (std::size_t at = 0; at < input.size(); at += step)
      hash.update(ByteView(input).subspan(at, std::min(step, input.size() - at)));
    CHECK(hash.digest() == whole);
  }
}

TEST_CASE("crypto/blake3: parallel hashing equals incremental hashing around every boundary",
          "[crypto]") {
  const Bytes input = pattern((4U << 20U) + (2U << 20U) + (256U << 10U) + 2);
  for (std::size_t size : boundary_sizes(4U << 20U)) {
    const ByteView bytes = ByteView(input).first(size);
    const Digest expected = crypto::blake3(bytes);
    for (unsigned threads : {1U, 2U, 3U, 4U, 7U}) {
      INFO("size " << size << ", threads " << threads);
      REQUIRE(blake3_parallel(bytes, threads) == expected);
    }
  }
}

TEST_CASE("crypto/blake3: files hash as b3sum hashes them", "[crypto]") {
  const Bytes input = pattern((2U << 20U) + 1025);
  for (std::size_t size : {0UL,
                           1UL,
                           1024UL,
                           1025UL,
                           262143UL,
                           262144UL,
                           262145UL,
                           524288UL,
                           524289UL,
                           1048576UL,
                           input.size()}) {
    const UniqueFd fd = memory_file(ByteView(input).first(size));
    const auto digest = crypto::blake3_file(fd.get(), {.threads = 4});
    REQUIRE(digest);
    const std::string path =
        "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(fd.get());
    INFO("size " << size);
    CHECK(to_hex(*digest) == b3sum(path));
  }
}

TEST_CASE("crypto/blake3: asks for every byte exactly once and reports progress", "[crypto]") {
  const Bytes input = pattern((3U << 20U) + 17);
  std::atomic<std::uint64_t> asked{0};
  std::atomic<std::uint64_t> done{0};
  const crypto::PieceReader read = [&](std::uint64_t offset,
                                       MutableBytes scratch) -> Result<ByteView> {
    asked += scratch.size();
    return ByteView(input).subspan(static_cast<std::size_t>(offset), scratch.size());
  };
  const auto digest = crypto::blake3_pieces(
      input.size(), read, {.threads = 3, .progress = [&](std::uint64_t n) { done += n; }});
  REQUIRE(digest);
  CHECK(*digest == crypto::blake3(input));
  CHECK(asked == input.size());
  CHECK(done == input.size());
}

TEST_CASE("crypto/blake3: stops when asked and passes a reader's error on", "[crypto]") {
  const Bytes input = pattern(1U << 20U);
  std::stop_source stop;
  const crypto::PieceReader read = [&](std::uint64_t, MutableBytes) -> Result<ByteView> {
    return fail(Errc::filesystem, "broken disk");
  };
  CHECK(crypto::blake3_pieces(input.size(), read, {.threads = 2}).error().message == "broken disk");
  stop.request_stop();
  const auto stopped =
      crypto::blake3_pieces(input.size(), read, {.threads = 2, .stop = stop.get_token()});
  CHECK(stopped.error().code == Errc::cancelled);
}

TEST_CASE("base/parallel: runs every index once and reports the first failure", "[base]") {
  std::array<std::atomic<int>, 500> runs{};
  REQUIRE(parallel_for(runs.size(), 4, [&](std::size_t i, std::size_t worker) -> Result<> {
    if (worker >= 4) return fail(Errc::internal, "worker out of range");
    ++runs[i];
    return {};
  }));
  CHECK(std::ranges::all_of(runs, [](const auto& count) { return count == 1; }));
  const auto failed = parallel_for(100, 4, [](std::size_t i, std::size_t) -> Result<> {
    if (i >= 7) return fail(Errc::internal, std::to_string(i));
    return {};
  });
  REQUIRE_FALSE(failed);
  CHECK(failed.error().message == "7");
  CHECK(parallel_for(0, 4, [](std::size_t, std::size_t) -> Result<> { std::abort(); }));
}
