// What readers of changes cost: patches, fan-out, catching up, first dumps, a stuck client.
#include "json/diff.hh"
#include "store/feeds.hh"

#include "bench.hh"
#include <fmt/format.h>

namespace bench {
namespace {

using engine::store::Durability;
using engine::store::Feed;
using engine::store::Feeds;
using engine::store::FeedStart;
using engine::store::FeedText;
using engine::store::RevisionId;

Feed follow(Feeds& feeds,
            const Pointer& scope,
            FeedStart& start,
            std::optional<RevisionId> since = std::nullopt) {
  return must(feeds.open(
      scope, since, [] {}, start));
}

/// Processor time of a one-leaf change that needs no flush, told to whoever follows.
double change_us(Store& store, const Pointer& at) {
  std::vector<double> rounds;
  constexpr std::uint64_t kChanges = 20;
  for (std::uint64_t round = 0; round < 100; ++round) {
    const double before = process_cpu();
    for (std::uint64_t i = 0; i < kChanges; ++i)
      put(store, at, round * kChanges + i + 1, Durability::soon);
    rounds.push_back((process_cpu() - before) / kChanges * 1e6);
  }
  return median(rounds);
}

void fan_out(Directory dir) {
  constexpr std::uint64_t kScopes = 1'000;
  engine::json::Object scopes;
  for (std::uint64_t i = 0; i < kScopes; ++i)
    scopes[fmt::format("scope-{:04}", i)] = engine::json::Object{{"n", 0}, {"text", "unchanged"}};
  const auto store = open(dir / "fanout", std::move(scopes));
  const Pointer at = pointer("/scope-0500/n");
  put(*store, at, 0, Durability::soon);
  const double without = change_us(*store, at);
  Feeds feeds(*store);
  std::vector<Feed> followers;
  for (std::uint64_t i = 0; i < kScopes; ++i) {
    FeedStart start;
    followers.push_back(follow(feeds, pointer(fmt::format("/scope-{:04}", i)), start));
  }
  const double with = change_us(*store, at);
  figure("fanout_us", std::max(with - without, 0.0), without);
}

void catch_up(Directory dir) {
  constexpr RevisionId kMissed = 1'000;
  const auto store = open(dir / "missed", document(1UL << 20U));
  Feeds feeds(*store);
  const RevisionId since = store->head();
  for (std::uint64_t i = 0; i < kMissed; ++i)
    put(*store, leaf(1UL << 20U, i), i + 1, Durability::soon);
  put(*store, pointer("/public/flushed"), true);
  FeedStart start;
  const double begin = now();
  const Feed feed = follow(feeds, pointer("/public"), start, since);
  const double ms = (now() - begin) * 1e3;
  std::size_t bytes = 0;
  for (const FeedText& text : start.revisions)
    bytes += text->size();
  figure("catchup_revisions", static_cast<double>(start.revisions.size()), kMissed + 1);
  figure("catchup_kib", static_cast<double>(bytes) / 1024, 0);
  figure("catchup_ms", ms, 0);
}

void first_dumps(Directory dir) {
  constexpr int kClients = 50;
  const auto store = open(dir / "dumps", document(16UL << 20U));
  Feeds feeds(*store);
  std::vector<Feed> followers;
  std::vector<FeedText> dumps;
  std::vector<double> times;
  const auto readings = feeds.stats().readings;
  for (int i = 0; i < kClients; ++i) {
    FeedStart start;
    const double begin = now();
    followers.push_back(follow(feeds, pointer("/public"), start));
    times.push_back((now() - begin) * 1e3);
    dumps.push_back(start.dump);
  }
  figure("dump_encodings", static_cast<double>(feeds.stats().readings - readings), kClients);
  const double first = times.front();
  figure("dump_ms", median(times), first);
}

void slow_client(Directory dir) {
  constexpr std::uint64_t kUnread = 10'000;
  const auto store = open(dir / "slow", document(64UL << 10U));
  Feeds feeds(*store);
  FeedStart start;
  Feed feed = follow(feeds, pointer("/public"), start);
  std::uint64_t most = 0;
  for (std::uint64_t i = 0; i < kUnread; ++i) {
    put(*store, leaf(64UL << 10U, i), i + 1, Durability::soon);
    if (i % 64 == 0) most = std::max(most, feeds.stats().waiting_bytes);
  }
  std::size_t updates = 0;
  while (feed.take() != nullptr)
    ++updates;
  figure("slow_kib", static_cast<double>(most) / 1024, 0);
  figure("slow_updates", static_cast<double>(updates), kUnread);
}

}  // namespace

void diffing(Directory) {
  engine::json::Array elements;
  for (std::uint64_t i = 0; i < 100'000; ++i)
    elements.push_back(engine::json::Object{{"id", i}, {"name", fmt::format("element {}", i)}});
  const Value before = elements;
  elements.insert(elements.begin() + 50'000, Value("new"));
  const Value after = std::move(elements);
  std::vector<double> times;
  std::size_t operations = 0;
  for (int i = 0; i < 5; ++i) {
    const double start = now();
    operations = engine::json::diff(before, after).size();
    times.push_back((now() - start) * 1e3);
  }
  figure("diff_ms", median(times), 0);
  figure("diff_operations", static_cast<double>(operations), 1);
}

void following(Directory dir) {
  fan_out(dir);
  catch_up(dir);
  first_dumps(dir);
  slow_client(dir);
}

}  // namespace bench
