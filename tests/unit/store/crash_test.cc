#include "unit/store/temp_store.hh"
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <random>
#include <thread>

using namespace engine::store;
using engine::json::Value;
using engine::test::at;
using engine::test::must;
using engine::test::open_store;

namespace {

constexpr int kWriters = 16;

/// What a writer in the child tells its parent once its change is durable.
struct Acknowledged {
  std::int32_t writer = 0;
  std::int32_t count = 0;
  RevisionId revision = 0;
};

/// Counts up `/count/WRITER`, and writes the same number to two places that must agree.
void write_for_ever(Store& store, int writer, int count, int pipe) {
  const auto name = std::to_string(writer);
  while (true) {
    ++count;
    const auto done = store.mutate([&](Mutation& mutation) -> engine::Result<> {
      TRY(mutation.put(at("/count").child(name), count));
      TRY(mutation.put(
          at("/copy").child(name),
          std::string(static_cast<std::size_t>(count % 90) * 20, 'x') + std::to_string(count)));
      if (count % 5 == 0) TRY(mutation.insert(at("/list/-"), count));
      return {};
    });
    if (!done) {
      std::cerr << "writer " << writer << ": " << done.error().message << std::endl;
      ::_exit(3);
    }
    const Acknowledged message{writer, count, done->revision};
    if (::write(pipe, &message, sizeof message) != sizeof message) ::_exit(4);
    if (count % 7 == 0) {
      (void)store.mutate(
          [&](Mutation& mutation) { return mutation.put(at("/tick").child(name), count); },
          Durability::soon);
    }
  }
}

[[noreturn]] void run_child(const std::filesystem::path& directory, int pipe, int base) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  auto store = Store::open(directory);
  if (!store) {
    std::cerr << "opening: " << store.error().message << std::endl;
    ::_exit(2);
  }
  std::vector<std::thread> writers;
  for (int i = 0; i < kWriters; ++i)
    writers.emplace_back([&, i] { write_for_ever(**store, i, base, pipe); });
  for (std::thread& writer : writers)
    writer.join();
  ::_exit(0);
}

/// Everything the child acknowledged until it was killed.
std::vector<Acknowledged> run_and_kill(const std::filesystem::path& directory,
                                       int base,
                                       std::chrono::microseconds life) {
  std::array<int, 2> ends{};
  REQUIRE(::pipe(ends.data()) == 0);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::close(ends[0]);
    run_child(directory, ends[1], base);
  }
  ::close(ends[1]);
  std::thread killer([&] {
    std::this_thread::sleep_for(life);  // the random moment is the point of the test
    ::kill(child, SIGKILL);
  });
  std::vector<Acknowledged> heard;
  Acknowledged message;
  while (::read(ends[0], &message, sizeof message) == sizeof message)
    heard.push_back(message);
  killer.join();
  ::close(ends[0]);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  INFO("exit status " << WEXITSTATUS(status));
  REQUIRE(WIFSIGNALED(status));
  return heard;
}

void check_log(Store& store, const std::vector<Acknowledged>& heard, RevisionId before) {
  const auto revisions = must(store.revisions_since(before));
  std::map<RevisionId, RevisionPtr> known;
  for (const auto& revision : revisions)
    known.emplace(revision->id, revision);
  for (const Acknowledged& message : heard) {
    INFO("revision " << message.revision << " of writer " << message.writer);
    const auto found = known.find(message.revision);
    REQUIRE(found != known.end());
    const std::string path = "/count/" + std::to_string(message.writer);
    REQUIRE(std::any_of(found->second->patch.begin(), found->second->patch.end(), [&](auto& op) {
      return op.path.text() == path && op.value == Value(message.count);
    }));
  }
  // No gap, but for the one empty revision that opening appends after changes only in memory.
  RevisionId expected = before + 1;
  for (const auto& revision : revisions) {
    if (revision->patch.empty()) expected = revision->id;
    REQUIRE(revision->id == expected++);
  }
  REQUIRE(store.head() == expected - 1);
}

void check_document(Store& store, const std::vector<Acknowledged>& heard, Value& mirror) {
  const Value now = engine::test::js(engine::test::dump(store));
  for (const Acknowledged& message : heard) {
    const auto name = std::to_string(message.writer);
    REQUIRE(now.find("count")->integer_or(name, -1) >= message.count);
  }
  for (const auto& [name, count] : *now.find("count")->object()) {
    const std::string copy = now.find("copy")->string_or(name, "");
    const std::string number = std::to_string(*count.integer());
    REQUIRE(copy.ends_with(number));
  }
  REQUIRE(engine::json::write(mirror) == engine::json::write(now));
}

}  // namespace

TEST_CASE("store/crash: loses nothing that was answered, shows nothing torn", "[store][crash]") {
  const char* asked = std::getenv("MOONBOX_CRASH_ROUNDS");
  const int rounds = asked != nullptr ? std::atoi(asked) : 40;
  std::mt19937 random(4711);
  engine::test::TempDir dir;
  Value mirror = engine::test::js(R"({"count":{},"copy":{},"list":[],"tick":{}})");
  { const auto store = open_store(dir.path(), engine::json::write(mirror)); }
  RevisionId before = 0;
  std::size_t answered = 0;
  for (int round = 0; round < rounds; ++round) {
    const std::chrono::microseconds life(
        std::uniform_int_distribution<int>(2'000, 120'000)(random));
    const auto heard = run_and_kill(dir.path(), round * 100'000, life);
    answered += heard.size();
    const auto store = open_store(dir.path());
    check_log(*store, heard, before);
    for (const auto& revision : must(store->revisions_since(before)))
      must(engine::json::apply_patch(mirror, revision->patch));
    check_document(*store, heard, mirror);
    before = store->head();
  }
  CHECK(answered > static_cast<std::size_t>(rounds));
}
