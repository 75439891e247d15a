#include "base/log.hh"
#include "store/check.hh"
#include "store/journal.hh"

#include "io_faults/io_faults.hh"
#include "unit/store/temp_store.hh"

#include <algorithm>
#include <array>
#include <fstream>
#include <mutex>
#include <random>
#include <thread>

namespace faults = engine::test::io_faults;
namespace fs = std::filesystem;
using namespace engine::store;
using engine::Errc;
using engine::Result;
using engine::json::Value;
using engine::test::at;
using engine::test::contents;
using engine::test::dump;
using engine::test::js;
using engine::test::must;
using engine::test::open_store;
using engine::test::TempDir;

namespace {

/// Room in the journal for all that is recorded, so that it is not replaced by a bigger one.
constexpr std::size_t kNeverFull = 256UL << 10U;
constexpr std::string_view kInitial = R"({"list":[],"n":0})";

/// One change that touches a leaf, an array and a value that grows and shrinks between inline and
/// pages of its own.
Result<Committed> change(Store& store, int n, Durability durability = Durability::durable) {
  return store.mutate(
      [n](Mutation& mutation) -> Result<> {
        TRY(mutation.put(at("/n"), n));
        TRY(mutation.insert(at("/list/-"), n));
        return mutation.put(at("/k" + std::to_string(n % 7)),
                            std::string(static_cast<std::size_t>(n % 5) * 900, 'x'));
      },
      durability);
}

/// The files of a store that are written: its own and its journal, if it has one.
std::vector<std::string> files_of(const std::filesystem::path& directory) {
  return {directory / "data.mdb", Journal::path_in(directory)};
}

/// Records and fails calls on the files of a store while it lives.
struct Watching {
  explicit Watching(const std::filesystem::path& directory) { faults::watch(files_of(directory)); }
  Watching(const Watching&) = delete;
  Watching& operator=(const Watching&) = delete;
  ~Watching() { faults::stop(); }
};

std::unique_ptr<Store> open_with(const std::filesystem::path& directory, std::size_t journal) {
  StoreOptions options;
  options.initial = js(kInitial);
  options.journal_bytes = journal;
  return must(Store::open(directory, std::move(options)));
}

/// What must hold in a store that is opened again: nothing torn, and the log tells the document.
/// Comes last: LMDB is opened once more in this process, and `store` is no good afterwards.
void check_whole(Store& store, const std::filesystem::path& directory) {
  Value folded = js(kInitial);
  RevisionId last = 0;
  for (const auto& revision : must(store.revisions_since(0))) {
    // Ids of changes only in memory are left out, and the revision behind them is empty.
    if (revision->patch.empty()) last = revision->id - 1;
    REQUIRE(revision->id == ++last);
    must(engine::json::apply_patch(folded, revision->patch));
  }
  REQUIRE(last == store.head());
  REQUIRE(dump(store) == engine::json::write(folded));
  REQUIRE(must(check(directory)).head == last);
}

/// That and every acknowledged change.
void check_reopened(const std::filesystem::path& directory, RevisionId acknowledged) {
  const auto store = open_store(directory);
  REQUIRE(store->head() >= acknowledged);
  const auto number = must(must(store->peek()).get(at("/n")));
  REQUIRE(*number->integer() >= static_cast<std::int64_t>(acknowledged));
  check_whole(*store, directory);
}

/// What failed is not shown. Reading goes on, or says that the store must be opened again.
void check_still_shown(const Store& store, RevisionId acknowledged) {
  REQUIRE(store.head() == acknowledged);
  const auto snapshot = store.peek();
  if (!snapshot) {
    REQUIRE(snapshot.error().code == Errc::closed);
    return;
  }
  REQUIRE(must(snapshot->get(at("/n"))) == Value(static_cast<std::int64_t>(acknowledged)));
}

/// What is warned of while it lives.
class Warnings {
 public:
  Warnings() {
    engine::log::observe([this](engine::log::Level level, auto, auto, auto fields) {
      if (level != engine::log::Level::warn) return;
      for (const auto& [name, text] : fields)
        all_.append(text).append("\n");
    });
  }
  Warnings(const Warnings&) = delete;
  Warnings& operator=(const Warnings&) = delete;
  ~Warnings() { engine::log::observe(nullptr); }
  [[nodiscard]] bool said(std::string_view text) const {
    return all_.find(text) != std::string::npos;
  }

 private:
  std::string all_;
};

struct Fault {
  int how = 0;
  bool for_good = false;
  std::size_t journal = 0;  ///< bytes of the journal
};

/// Changes, with a commit of the file among them, until one fails for good. Gives the last revision
/// that was answered.
RevisionId change_under(Store& store, const Fault& fault, RevisionId acknowledged) {
  std::optional<engine::Error> failure;
  const auto failed = [&](const engine::Error& error) {
    if (!failure) REQUIRE(faults::has_failed());
    if (failure && failure->code != Errc::no_space) CHECK(error.code == Errc::closed);
    failure = error;
    check_still_shown(store, acknowledged);
  };
  for (int n = 4; n <= 8; ++n) {
    const auto done = change(store, n);
    if (done) {
      // After a failed flush nothing is taken any more, whatever the disk does.
      REQUIRE_FALSE((failure && failure->code != Errc::no_space));
      REQUIRE(done->revision == static_cast<RevisionId>(n));
      acknowledged = done->revision;
      if (n % 3 != 0) continue;
      if (const auto filed = store.flush(); !filed) failed(filed.error());
      continue;
    }
    failed(done.error());
    if (failure->code != Errc::no_space) continue;
    if (fault.for_good) break;
    --n;  // free space, then the same change again
  }
  // Half of a write to the journal is followed by the other half.
  const bool told = fault.how != faults::kShortWrite || fault.journal == 0;
  if (faults::has_failed() && told) REQUIRE(failure.has_value());
  return acknowledged;
}

/// Lets the call after `calls` fail while changes go on; false if there were not so many calls.
bool try_fault(std::size_t calls, const Fault& fault) {
  TempDir dir;
  RevisionId acknowledged = 0;
  bool reached = false;
  {
    const auto store = open_with(dir.path(), fault.journal);
    for (int n = 1; n <= 3; ++n)
      acknowledged = must(change(*store, n)).revision;
    const Watching watching(dir.path());
    faults::fail_after(calls, fault.how, fault.for_good);
    acknowledged = change_under(*store, fault, acknowledged);
    reached = faults::has_failed();
  }
  check_reopened(dir.path(), acknowledged);
  return reached;
}

using Images = std::vector<std::string>;

/// The files as a power cut during the last of the first `cut` calls may leave them: all that was
/// flushed before, and of the writes since then any sectors or none.
Images images(std::span<const faults::Call> calls, std::size_t cut, std::mt19937& random) {
  constexpr std::size_t kSector = 512;
  Images files(2);
  const auto apply = [&](const faults::Call& call, std::size_t from, std::size_t size) {
    std::string& file = files[call.file];
    const auto at = static_cast<std::size_t>(call.offset) + from;
    if (file.size() < at + size) file.resize(at + size);
    file.replace(at, size, call.bytes, from, size);
  };
  std::vector<std::size_t> flushed(files.size());
  for (std::size_t i = 0; i + 1 < cut; ++i)
    if (calls[i].kind == faults::Call::Kind::sync) flushed[calls[i].file] = i;
  for (std::size_t i = 0; i < cut; ++i) {
    const faults::Call& call = calls[i];
    if (call.kind == faults::Call::Kind::truncate) {
      files[call.file].resize(static_cast<std::size_t>(call.offset));
    } else if (call.kind == faults::Call::Kind::write) {
      const bool safe = i < flushed[call.file] || (call.at_once && i + 1 < cut);
      for (std::size_t from = 0; from < call.bytes.size(); from += kSector) {
        if (safe || random() % 2 == 0) {
          apply(call, from, std::min(kSector, call.bytes.size() - from));
        }
      }
    }
  }
  return files;
}

/// The first calls of a recording: they write the files as they are now.
std::vector<faults::Call> begin_recording(const std::filesystem::path& directory) {
  std::vector<faults::Call> calls;
  std::size_t file = 0;
  for (const std::string& path : files_of(directory)) {
    calls.push_back({.bytes = contents(path), .file = file});
    calls.push_back({.kind = faults::Call::Kind::sync, .file = file++});
  }
  return calls;
}

/// The last cut is after everything.
void end_recording(std::vector<faults::Call>& calls) {
  for (std::size_t file = 0; file < 2; ++file)
    calls.push_back({.kind = faults::Call::Kind::sync, .file = file});
}

/// What was written while changes went on.
struct Recording {
  std::vector<faults::Call> calls;
  /// Each: the calls there had been when a revision was answered.
  std::vector<std::pair<std::size_t, RevisionId>> answered;
};

/// Some changes share a flush with progress, some come into the file. The journal is written from
/// its start several times, and frames of earlier rounds lie behind the new ones.
Recording record(const std::filesystem::path& directory, std::size_t journal) {
  Recording made;
  const auto store = open_with(directory, journal);
  made.answered.emplace_back(0, must(change(*store, 1)).revision);
  must(store->flush());
  made.calls = begin_recording(directory);
  const std::size_t base = made.calls.size();
  const Watching watching(directory);
  for (int n = 2; n <= 60; ++n) {
    const bool soon = n % 5 == 3;
    const auto done = must(change(*store, n, soon ? Durability::soon : Durability::durable));
    if (!soon) made.answered.emplace_back(base + faults::recorded().size(), done.revision);
    if (n % 23 == 0) must(store->flush());
  }
  const auto calls = faults::recorded();
  made.calls.insert(made.calls.end(), calls.begin(), calls.end());
  end_recording(made.calls);
  return made;
}

constexpr std::size_t kWriters = 6;

std::string name_of(std::size_t writer) {
  return "w" + std::to_string(writer);
}

/// A change that was answered when there had been so many calls.
struct Answer {
  std::size_t calls = 0;
  std::size_t writer = 0;
  std::int64_t count = 0;
};

/// Several count up, each in a place of its own, so that one flush runs while the next batch is
/// made. Gives what was answered, and by writer the last error that somebody was told.
struct Crowd {
  std::vector<Answer> answers;
  std::array<std::optional<engine::Error>, kWriters> errors;

  void count_up(Store& store, std::int64_t most) {
    std::mutex mutex;
    std::vector<std::thread> threads;
    for (std::size_t writer = 0; writer < kWriters; ++writer) {
      threads.emplace_back([&, writer] {
        const auto place = at("/" + name_of(writer));
        for (std::int64_t count = 1; count <= most; ++count) {
          const auto done =
              store.mutate([&](Mutation& mutation) { return mutation.put(place, count); });
          const std::lock_guard lock(mutex);
          if (done) answers.push_back({faults::recorded().size(), writer, count});
          errors[writer] = done ? std::nullopt : std::optional(done.error());
        }
      });
    }
    for (std::thread& thread : threads)
      thread.join();
  }
};

/// Each place has what its writer was answered last among the calls before `cut`, or newer.
void check_counts(const Store& store, const Crowd& crowd, std::size_t cut) {
  for (const Answer& answer : crowd.answers) {
    if (answer.calls >= cut) continue;
    const auto value = must(must(store.peek()).get(at("/" + name_of(answer.writer))));
    REQUIRE(value.has_value());
    REQUIRE(*value->integer() >= answer.count);
  }
}

}  // namespace

TEST_CASE("store/faults: a change that cannot be written is reported as failed", "[faults]") {
  Fault fault;
  fault.how = GENERATE(EIO, ENOSPC, faults::kShortWrite);
  fault.for_good = GENERATE(false, true);
  fault.journal = GENERATE(std::size_t{0}, std::size_t{64} << 10U);
  CAPTURE(fault.how, fault.for_good, fault.journal);
  std::size_t calls = 0;
  while (try_fault(calls, fault))
    ++calls;
  CHECK(calls > 12);
}

TEST_CASE("store/faults: a journal that cannot be made or grown costs nothing but time",
          "[faults]") {
  const bool grows = GENERATE(false, true);
  const Fault fault = GENERATE(Fault{EIO, false},
                               Fault{EIO, true},
                               Fault{ENOSPC, false},
                               Fault{ENOSPC, true},
                               Fault{faults::kShortWrite, false});
  bool reached = true;
  for (std::size_t calls = 0; reached; ++calls) {
    CAPTURE(grows, fault.how, fault.for_good, calls);
    TempDir dir;
    const auto file = Journal::path_in(dir.path());
    const Warnings warnings;
    RevisionId acknowledged = 0;
    {
      const auto store = open_with(dir.path(), grows ? 8192 : kNeverFull);
      if (grows) acknowledged = must(change(*store, 1)).revision;
      faults::watch({file.native() + ".part", dir.path()});
      faults::fail_after(calls, fault.how, fault.for_good);
      for (int n = static_cast<int>(acknowledged) + 1; n <= 20; ++n)
        acknowledged = must(change(*store, n)).revision;
      reached = faults::has_failed();
      faults::stop();
      CHECK_FALSE(fs::exists(file.native() + ".part"));
    }
    // Each is made by a write, of which half is followed by the other half, and two flushes.
    const bool writes = calls % 3 == 0;
    const bool fails = reached && !(writes && fault.how == faults::kShortWrite);
    REQUIRE(warnings.said(dir.path().native()) == fails);
    REQUIRE(warnings.said("then restart the daemon") == fails);
    check_reopened(dir.path(), acknowledged);
    if (calls == 0) REQUIRE(reached);
  }
}

TEST_CASE("store/faults: a power cut loses nothing that was answered, at any write", "[faults]") {
  const std::size_t journal = GENERATE(std::size_t{0}, kNeverFull);
  TempDir dir;
  const Recording made = record(dir.path(), journal);
  std::mt19937 random(20261121);
  for (std::size_t cut = 5; cut <= made.calls.size(); ++cut) {
    for (int attempt = 0; attempt < 2; ++attempt) {
      CAPTURE(journal, cut, attempt);
      TempDir after;
      const Images files = images(made.calls, cut, random);
      const auto names = files_of(after.path());
      for (std::size_t i = 0; i < (journal == 0 ? 1 : files.size()); ++i)
        std::ofstream(names[i], std::ios::binary) << files[i];
      RevisionId known = 0;
      for (const auto& [calls, revision] : made.answered)
        if (calls < cut) known = revision;
      check_reopened(after.path(), known);
    }
  }
}

TEST_CASE("store/faults: a flush that fails is told to all who wait, and to those behind them",
          "[faults]") {
  const int how = GENERATE(EIO, ENOSPC);
  const bool for_good = GENERATE(false, true);
  for (std::size_t calls = 0; calls < 24; ++calls) {
    CAPTURE(how, for_good, calls);
    TempDir dir;
    Crowd crowd;
    bool failed = false;
    {
      const auto store = open_with(dir.path(), kNeverFull);
      must(change(*store, 1));
      const Watching watching(dir.path());
      faults::fail_after(calls, how, for_good);
      crowd.count_up(*store, 10);
      failed = faults::has_failed();
      check_counts(*store, crowd, SIZE_MAX);
    }
    const auto store = open_store(dir.path());
    check_counts(*store, crowd, SIZE_MAX);
    const auto told = std::count_if(
        crowd.errors.begin(), crowd.errors.end(), [](const auto& e) { return e.has_value(); });
    if (failed && (how == EIO || for_good)) CHECK(told > 0);
    // What was refused for want of space never comes about.
    for (std::size_t writer = 0; writer < kWriters; ++writer) {
      const auto& error = crowd.errors[writer];
      if (!error || error->code != Errc::no_space) continue;
      std::int64_t last = 0;
      for (const Answer& answer : crowd.answers)
        if (answer.writer == writer) last = std::max(last, answer.count);
      const auto value = must(must(store->peek()).get(at("/" + name_of(writer))));
      CHECK((value ? *value->integer() : 0) == last);
    }
    check_whole(*store, dir.path());
  }
}

TEST_CASE("store/faults: a power cut under several writers loses nothing that was answered",
          "[faults]") {
  TempDir dir;
  Crowd crowd;
  std::vector<faults::Call> calls;
  {
    const auto store = open_with(dir.path(), kNeverFull);
    must(change(*store, 1));
    must(store->flush());
    calls = begin_recording(dir.path());
    const Watching watching(dir.path());
    crowd.count_up(*store, 12);
    const auto made = faults::recorded();
    for (Answer& answer : crowd.answers)
      answer.calls += calls.size();
    calls.insert(calls.end(), made.begin(), made.end());
  }
  end_recording(calls);
  std::mt19937 random(47);
  for (std::size_t cut = 5; cut <= calls.size(); ++cut) {
    CAPTURE(cut);
    TempDir after;
    const Images files = images(calls, cut, random);
    const auto names = files_of(after.path());
    for (std::size_t i = 0; i < files.size(); ++i)
      std::ofstream(names[i], std::ios::binary) << files[i];
    const auto store = open_store(after.path());
    check_counts(*store, crowd, cut);
    check_whole(*store, after.path());
  }
}
