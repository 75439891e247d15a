#include "event/ring.hh"

#include <catch2/catch.hpp>

#include <thread>

using engine::event::Cursor;
using engine::event::Event;
using engine::event::LagPolicy;
using engine::event::RecordPtr;
using engine::event::Ring;

namespace {

using Seqs = std::vector<std::uint64_t>;

Seqs seqs(const Cursor::Batch& batch) {
  Seqs numbers;
  for (const RecordPtr& record : batch.records)
    numbers.push_back(record->seq());
  return numbers;
}

std::unique_ptr<Cursor> slow(Ring& ring, LagPolicy policy, std::size_t buffer = 64) {
  return ring.subscribe({.types = {"x"}}, {.policy = policy, .buffer = buffer}, [] {});
}

}  // namespace

TEST_CASE("event/lag: the oldest go, and the reader is told how many of its own") {
  Ring ring;
  const auto cursor = slow(ring, LagPolicy::drop_oldest);
  for (int i = 0; i < 200; ++i)
    ring.publish({.type = i % 2 == 0 ? "x" : "y"});
  Cursor::Batch batch;
  cursor->take(2, batch);
  REQUIRE(batch.lag);
  CHECK(batch.lag->dropped == 100 - 64);
  CHECK(batch.lag->from_seq == 1);
  CHECK(batch.lag->to_seq == 72);
  CHECK(seqs(batch) == Seqs{73, 75});
  cursor->take(1'000, batch);
  CHECK_FALSE(batch.lag);
  CHECK(batch.records.size() == 62);
  cursor->take(1'000, batch);
  CHECK(batch.records.empty());
}

TEST_CASE("event/lag: what the ring has forgotten is counted too") {
  Ring ring({.events = 100});
  const auto cursor = slow(ring, LagPolicy::drop_oldest, 16'384);
  for (int i = 0; i < 1'000; ++i)
    ring.publish({.type = "x"});
  Cursor::Batch batch;
  cursor->take(1'000, batch);
  REQUIRE(batch.lag);
  CHECK(batch.lag->dropped == 900);
  CHECK(batch.lag->to_seq == 900);
  CHECK(batch.records.size() == 100);
}

TEST_CASE("event/lag: readers of one filter lag each for itself") {
  Ring ring;
  const auto small = slow(ring, LagPolicy::drop_oldest);
  const auto large = slow(ring, LagPolicy::drop_oldest, 1'000);
  for (int i = 0; i < 500; ++i)
    ring.publish({.type = "x"});
  Cursor::Batch batch;
  large->take(1'000, batch);
  CHECK_FALSE(batch.lag);
  CHECK(batch.records.size() == 500);
  small->take(1'000, batch);
  REQUIRE(batch.lag);
  CHECK(batch.lag->dropped == 436);
}

TEST_CASE("event/lag: coalescing keeps the newest of a key, and every terminal event") {
  Ring ring;
  const auto cursor = slow(ring, LagPolicy::coalesce);
  for (int i = 0; i < 100'000; ++i)
    ring.publish({.type = "x", .job = i % 2 == 0 ? "a" : "b"});
  ring.publish({.type = "x", .job = "a", .terminal = true});
  ring.publish({.type = "x"});
  ring.publish({.type = "x"});
  ring.publish({.type = "x", .job = "a"});
  Cursor::Batch batch;
  cursor->take(1'000, batch);
  CHECK_FALSE(batch.lag);
  CHECK_FALSE(batch.ended);
  CHECK(seqs(batch) == Seqs{100'000, 100'001, 100'002, 100'003, 100'004});
  ring.publish({.type = "x", .job = "b"});
  cursor->take(1'000, batch);
  CHECK(seqs(batch) == Seqs{100'005});
}

TEST_CASE("event/lag: a coalescing reader that is too slow for its keys ends") {
  Ring ring;
  const auto cursor = slow(ring, LagPolicy::coalesce);
  for (int i = 0; i < 40'000; ++i)
    ring.publish({.type = "x", .job = std::to_string(i), .terminal = true});
  Cursor::Batch batch;
  cursor->take(10, batch);
  CHECK(batch.ended);
  const auto other = slow(ring, LagPolicy::coalesce);
  ring.publish({.type = "x", .job = "new"});
  other->take(10, batch);
  CHECK(seqs(batch) == Seqs{40'001});
}

TEST_CASE("event/lag: who wants to be disconnected gets nothing any more") {
  Ring ring;
  const auto cursor = slow(ring, LagPolicy::disconnect);
  for (int i = 0; i < 65; ++i)
    ring.publish({.type = "x"});
  Cursor::Batch batch;
  cursor->take(10, batch);
  CHECK(batch.ended);
  CHECK(batch.records.empty());
  ring.publish({.type = "x"});
  cursor->take(10, batch);
  CHECK(batch.ended);
}

TEST_CASE("event/lag: delivered and dropped make up all that was published") {
  Ring ring;
  std::atomic<bool> done = false;
  constexpr std::uint64_t kEvents = 200'000;
  const auto cursor = slow(ring, LagPolicy::drop_oldest);
  std::thread publisher([&] {
    for (std::uint64_t i = 0; i < kEvents; ++i)
      ring.publish({.type = "x"});
    done = true;
  });
  std::uint64_t delivered = 0;
  std::uint64_t dropped = 0;
  Cursor::Batch batch;
  for (bool last = false; !last;) {
    last = done;
    cursor->take(50, batch);
    if (batch.lag) dropped += batch.lag->dropped;
    delivered += batch.records.size();
    if (!batch.records.empty()) last = false;
    std::this_thread::yield();
  }
  publisher.join();
  CHECK(delivered + dropped == kEvents);
}
