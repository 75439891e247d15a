#include "event/ring.hh"

#include "event/queue.hh"
#include "json/reader.hh"

#include <catch2/catch.hpp>

#include <atomic>
#include <thread>

using engine::event::Event;
using engine::event::Filter;
using engine::event::Queue;
using engine::event::RecordPtr;
using engine::event::Ring;

namespace {

std::vector<std::uint64_t> seqs(const std::vector<RecordPtr>& records) {
  std::vector<std::uint64_t> numbers;
  for (const RecordPtr& record : records)
    numbers.push_back(record->seq);
  return numbers;
}
using Seqs = std::vector<std::uint64_t>;

}  // namespace

TEST_CASE("event/ring: an event is written once, absent fields are left out") {
  Ring ring;
  std::string text;
  ring.subscribe({}, [&](std::uint64_t, const RecordPtr& record) { text = record->text; });
  ring.publish({.type = "job", .job = "j", .data = R"({"a":[1]})"});
  const auto event = *engine::json::parse(text);
  CHECK(event.string_or("type", "") == "job");
  CHECK(event.string_or("level", "") == "info");
  CHECK(event.string_or("job", "") == "j");
  CHECK(event.find("package") == nullptr);
  CHECK(event.find("ts") != nullptr);
  CHECK(*event.find("data") == *engine::json::parse(R"({"a":[1]})"));
}

TEST_CASE("event/ring: sinks see what matches, in order, until unsubscribed") {
  Ring ring;
  Seqs all;
  Seqs jobs;
  const auto first =
      ring.subscribe({}, [&](std::uint64_t, const RecordPtr& r) { all.push_back(r->seq); });
  ring.subscribe({.types = {"job"}},
                 [&](std::uint64_t, const RecordPtr& r) { jobs.push_back(r->seq); });
  ring.publish({.type = "job"});
  ring.publish({.type = "log"});
  ring.unsubscribe(first.id);
  ring.publish({.type = "job"});
  CHECK(all == Seqs{1, 2});
  CHECK(jobs == Seqs{1, 3});
  CHECK(ring.subscriptions() == 1);
}

TEST_CASE("event/ring: reads on from a cursor") {
  Ring ring;
  for (int i = 0; i < 10; ++i)
    ring.publish({.type = i % 2 == 0 ? "even" : "odd"});
  const auto page = ring.read({.types = {"even"}}, 0, 3);
  CHECK(seqs(page.records) == Seqs{1, 3, 5});
  const auto rest = ring.read({.types = {"even"}}, page.next, 100);
  CHECK(seqs(rest.records) == Seqs{7, 9});
  CHECK(rest.next == 10);
  CHECK_FALSE(rest.gap);
  CHECK(ring.read({}, rest.next, 100).records.empty());
}

TEST_CASE("event/ring: forgets the oldest and says so") {
  Ring by_count({.events = 3});
  for (int i = 0; i < 10; ++i)
    by_count.publish({});
  CHECK(seqs(by_count.read({}, 0, 100).records) == Seqs{8, 9, 10});
  CHECK(by_count.read({}, 6, 100).gap);
  CHECK_FALSE(by_count.read({}, 7, 100).gap);

  Ring by_size({.bytes = 1'000});
  for (int i = 0; i < 10; ++i)
    by_size.publish({.data = '"' + std::string(300, 'x') + '"'});
  CHECK(by_size.read({}, 0, 100).records.size() == 2);
}

TEST_CASE("event/ring: a cursor of another life is a gap") {
  Ring ring;
  ring.publish({});
  const auto page = ring.read({}, 500, 10);
  CHECK(page.gap);
  CHECK(seqs(page.records) == Seqs{1});
}

TEST_CASE("event/ring: replay and live events join without loss or repetition") {
  Ring ring;
  std::atomic<bool> stop = false;
  std::thread publisher([&] {
    while (!stop)
      ring.publish({});
  });
  for (int round = 0; round < 50; ++round) {
    const std::uint64_t since = std::max<std::uint64_t>(ring.last_seq(), 1);
    Seqs seen;
    const auto made = ring.subscribe(
        {}, [&](std::uint64_t, const RecordPtr& r) { seen.push_back(r->seq); }, {.since = since});
    while (ring.last_seq() < made.next + 3)
      std::this_thread::yield();
    ring.unsubscribe(made.id);
    if (made.gap) continue;
    REQUIRE_FALSE(seen.empty());
    for (std::size_t i = 0; i < seen.size(); ++i)
      REQUIRE(seen[i] == since + 1 + i);
  }
  stop = true;
  publisher.join();
}

TEST_CASE("event/ring: replays the last few") {
  Ring ring;
  for (int i = 0; i < 5; ++i)
    ring.publish({.type = i == 3 ? "other" : "mine"});
  Seqs seen;
  const auto made =
      ring.subscribe({.types = {"mine"}},
                     [&](std::uint64_t, const RecordPtr& r) { seen.push_back(r->seq); },
                     {.replay_last = 2});
  CHECK(seen == Seqs{3, 5});
  CHECK(made.replayed == 2);
}

TEST_CASE("event/queue: wakes when it stops being empty, drops the oldest when full") {
  Ring ring;
  int wakes = 0;
  Queue queue(
      ring, {}, [&] { ++wakes; }, {}, 3);
  for (int i = 0; i < 5; ++i)
    ring.publish({});
  CHECK(wakes == 1);
  CHECK(queue.lagged() == 2);
  CHECK(queue.lagged() == 0);
  CHECK(queue.take()->seq == 3);
  CHECK(queue.take()->seq == 4);
  CHECK(queue.take()->seq == 5);
  CHECK(queue.take() == nullptr);
  ring.publish({});
  CHECK(wakes == 2);
}
