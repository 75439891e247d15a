#include "event/ring.hh"

#include "event/number_file.hh"
#include "json/reader.hh"

#include <catch2/catch.hpp>

#include <atomic>
#include <filesystem>
#include <thread>

using engine::event::Cursor;
using engine::event::Event;
using engine::event::Filter;
using engine::event::LagPolicy;
using engine::event::NumberFile;
using engine::event::RecordPtr;
using engine::event::Ring;
using engine::event::Start;

namespace {

using Seqs = std::vector<std::uint64_t>;

Seqs seqs(const std::vector<RecordPtr>& records) {
  Seqs numbers;
  for (const RecordPtr& record : records)
    numbers.push_back(record->seq());
  return numbers;
}

/// Everything a cursor has to give now.
Seqs all_of(Cursor& cursor) {
  Seqs numbers;
  Cursor::Batch batch;
  do {
    cursor.take(7, batch);
    for (const RecordPtr& record : batch.records)
      numbers.push_back(record->seq());
  } while (!batch.records.empty());
  return numbers;
}

std::unique_ptr<Cursor> read_all(Ring& ring, Start start = {}) {
  return ring.subscribe({}, start, [] {});
}

void publish(Ring& ring, int count, const Event& event = {}) {
  for (int i = 0; i < count; ++i)
    ring.publish(event);
}

}  // namespace

TEST_CASE("event/ring: an event is written once, absent fields are left out") {
  Ring ring;
  const auto cursor = read_all(ring);
  ring.publish({.type = "job", .job = "j", .paths = {"/a"}, .data = R"({"a":[1]})"});
  Cursor::Batch batch;
  cursor->take(10, batch);
  REQUIRE(batch.records.size() == 1);
  const auto event = *engine::json::parse(batch.records[0]->text());
  CHECK(event.string_or("type", "") == "job");
  CHECK(event.string_or("level", "") == "info");
  CHECK(event.string_or("job", "") == "j");
  CHECK(event.find("package") == nullptr);
  CHECK(event.find("resource") == nullptr);
  CHECK(event.find("ts") != nullptr);
  CHECK(*event.find("paths") == *engine::json::parse(R"(["/a"])"));
  CHECK(*event.find("data") == *engine::json::parse(R"({"a":[1]})"));
  CHECK(batch.records[0]->notification_tail() ==
        R"("seq":1,"event":)" + std::string(batch.records[0]->text()) + "}}");
}

TEST_CASE("event/ring: readers see what matches, in order, until they end") {
  Ring ring;
  auto all = read_all(ring);
  const auto jobs = ring.subscribe({.types = {"job"}}, {}, [] {});
  ring.publish({.type = "job"});
  ring.publish({.type = "log"});
  CHECK(all_of(*all) == Seqs{1, 2});
  all.reset();
  ring.publish({.type = "job"});
  CHECK(all_of(*jobs) == Seqs{1, 3});
  CHECK(all_of(*jobs).empty());
  CHECK(ring.subscriptions() == 1);
}

TEST_CASE("event/ring: a reader that found nothing is woken once") {
  Ring ring;
  int wakes = 0;
  const auto cursor = ring.subscribe({.types = {"x"}}, {}, [&wakes] { ++wakes; });
  publish(ring, 3, {.type = "x"});
  ring.publish({.type = "y"});
  CHECK(wakes == 1);
  CHECK(all_of(*cursor).size() == 3);
  ring.publish({.type = "y"});
  CHECK(wakes == 1);
  ring.publish({.type = "x"});
  CHECK(wakes == 2);
  const auto late = ring.subscribe({}, {.replay_last = 2}, [&wakes] { ++wakes; });
  CHECK(wakes == 3);
  CHECK(all_of(*late) == Seqs{5, 6});
}

TEST_CASE("event/ring: reads on from a number, or the last few") {
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
  CHECK(seqs(ring.last({.types = {"odd"}}, 2).records) == Seqs{8, 10});
}

TEST_CASE("event/ring: forgets the oldest and says so") {
  Ring by_count({.events = 3});
  publish(by_count, 10);
  CHECK(seqs(by_count.read({}, 0, 100).records) == Seqs{8, 9, 10});
  CHECK(by_count.read({}, 6, 100).gap);
  CHECK_FALSE(by_count.read({}, 7, 100).gap);

  Ring by_size({.bytes = 2'000});
  publish(by_size, 100, {.data = '"' + std::string(300, 'x') + '"'});
  CHECK(by_size.held().bytes <= 2'000);
  CHECK(by_size.held().events > 0);
}

TEST_CASE("event/ring: a number of another life is a gap") {
  Ring ring;
  ring.publish({});
  const auto page = ring.read({}, 500, 10);
  CHECK(page.gap);
  CHECK(seqs(page.records) == Seqs{1});
  const auto cursor = read_all(ring, {.since = 500});
  CHECK(cursor->gap());
  CHECK(all_of(*cursor) == Seqs{1});
}

TEST_CASE("event/ring: subscribing while others publish loses nothing and repeats nothing") {
  constexpr int kRounds = 100'000;
  Ring ring;
  ring.publish({});
  std::atomic<bool> stop = false;
  std::thread publisher([&] {
    while (!stop)
      ring.publish({});
  });
  int rounds = 0;
  int in_time = 0;
  bool good = true;
  Cursor::Batch batch;
  for (; rounds < kRounds && good; ++rounds) {
    const std::uint64_t since = ring.last_seq();
    const auto cursor = read_all(ring, {.since = since});
    // This thread may have been away for longer than the ring reaches back.
    if (cursor->gap()) continue;
    ++in_time;
    std::uint64_t expected = since + 1;
    for (int taken = 0; taken < 3; ++taken) {
      cursor->take(16, batch);
      if (batch.lag) {
        good = good && batch.lag->from_seq == expected;
        expected += batch.lag->dropped;
        good = good && batch.lag->to_seq == expected - 1;
      }
      for (const RecordPtr& record : batch.records)
        good = good && record->seq() == expected++;
    }
  }
  CHECK(in_time > kRounds / 2);
  stop = true;
  publisher.join();
  CHECK(good);
  CHECK(rounds == kRounds);
  CHECK(ring.subscriptions() == 0);
}

TEST_CASE("event/ring: replays the last few") {
  Ring ring;
  for (int i = 0; i < 5; ++i)
    ring.publish({.type = i == 3 ? "other" : "mine"});
  const auto cursor = ring.subscribe({.types = {"mine"}}, {.replay_last = 2}, [] {});
  CHECK(cursor->replayed() == 2);
  CHECK(cursor->next() == 6);
  ring.publish({.type = "mine"});
  CHECK(all_of(*cursor) == Seqs{3, 5, 6});
}

TEST_CASE("event/ring: numbers go on in the next life and are never given twice") {
  const auto path =
      std::filesystem::temp_directory_path() / ("moonbox-numbers-" + std::to_string(::getpid()));
  const auto life = [&path](bool in_order) {
    const auto file = *NumberFile::open(path);
    Ring ring;
    int reserved = 0;
    ring.set_numbers(file->numbers(), [&](std::uint64_t) { ++reserved; });
    const std::uint64_t first = ring.publish({});
    publish(ring, 4'998);
    CHECK(reserved == 0);
    ring.publish({});
    ring.publish({});
    publish(ring, 100);
    CHECK(reserved == 1);
    ring.reserved(*file->reserve(ring.last_seq()));
    if (in_order) REQUIRE(file->close(ring.last_seq()));
    return std::pair{first, ring.last_seq()};
  };
  const auto first = life(true);
  CHECK(first.first == 1);
  const auto second = life(false);
  CHECK(second.first == first.second + 1);
  const auto third = life(true);
  CHECK(third.first > second.second + NumberFile::kBlock);
  std::filesystem::remove(path);
}
