#include "store/check.hh"

#include "io_faults/io_faults.hh"
#include "unit/store/temp_store.hh"

#include <algorithm>
#include <fstream>
#include <map>
#include <random>

namespace faults = engine::test::io_faults;
using namespace engine::store;
using engine::Errc;
using engine::Result;
using engine::json::Value;
using engine::test::at;
using engine::test::dump;
using engine::test::js;
using engine::test::must;
using engine::test::open_store;
using engine::test::TempDir;

namespace {

constexpr std::string_view kInitial = R"({"list":[],"n":0})";

/// One change that touches a leaf, an array and a value that grows and shrinks between inline and
/// pages of its own.
Result<Committed> change(Store& store, int n) {
  return store.mutate([n](Mutation& mutation) -> Result<> {
    TRY(mutation.put(at("/n"), n));
    TRY(mutation.insert(at("/list/-"), n));
    return mutation.put(at("/k" + std::to_string(n % 7)),
                        std::string(static_cast<std::size_t>(n % 5) * 900, 'x'));
  });
}

/// Records and fails calls on a file while it lives.
struct Watching {
  explicit Watching(const std::filesystem::path& file) { faults::watch(file); }
  Watching(const Watching&) = delete;
  Watching& operator=(const Watching&) = delete;
  ~Watching() { faults::stop(); }
};

std::filesystem::path file_of(const TempDir& dir) {
  return dir.path() / "data.mdb";
}

/// What must hold in a store that is opened again: every acknowledged change, and nothing torn.
void check_reopened(const std::filesystem::path& directory, RevisionId acknowledged) {
  const auto store = open_store(directory);
  REQUIRE(store->head() >= acknowledged);
  Value folded = js(kInitial);
  RevisionId last = 0;
  for (const auto& revision : must(store->revisions_since(0))) {
    REQUIRE(revision->id == ++last);
    must(engine::json::apply_patch(folded, revision->patch));
  }
  REQUIRE(last == store->head());
  REQUIRE(dump(*store) == engine::json::write(folded));
  REQUIRE(must(must(store->peek()).get(at("/n"))) == Value(static_cast<std::int64_t>(last)));
  REQUIRE(must(check(directory)).head == last);
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

/// Lets the call after `calls` fail while changes go on; false if there were not so many calls.
bool try_fault(std::size_t calls, int how, bool for_good) {
  TempDir dir;
  RevisionId acknowledged = 0;
  bool reached = false;
  {
    const auto store = open_store(dir.path(), kInitial);
    for (int n = 1; n <= 3; ++n)
      acknowledged = must(change(*store, n)).revision;
    const Watching watching(file_of(dir));
    faults::fail_after(calls, how, for_good);
    std::optional<engine::Error> failure;
    for (int n = 4; n <= 8; ++n) {
      const auto done = change(*store, n);
      if (done) {
        // After a failed flush nothing is taken any more, whatever the disk does.
        REQUIRE_FALSE((failure && failure->code != Errc::no_space));
        REQUIRE(done->revision == static_cast<RevisionId>(n));
        acknowledged = done->revision;
        continue;
      }
      if (!failure) REQUIRE(faults::has_failed());
      if (failure && failure->code != Errc::no_space) CHECK(done.error().code == Errc::closed);
      failure = done.error();
      check_still_shown(*store, acknowledged);
      if (failure->code == Errc::no_space) --n;  // free space, then the same change again
      if (failure->code == Errc::no_space && for_good) break;
    }
    reached = faults::has_failed();
    if (reached) REQUIRE(failure.has_value());
  }
  check_reopened(dir.path(), acknowledged);
  return reached;
}

/// The file as a power cut during the last of the first `cut` calls may leave it: all that was
/// flushed before, and of the writes since then any sectors or none.
std::string image(std::span<const faults::Call> calls, std::size_t cut, std::mt19937& random) {
  constexpr std::size_t kSector = 512;
  std::string file;
  const auto apply = [&](const faults::Call& call, std::size_t from, std::size_t size) {
    const auto at = static_cast<std::size_t>(call.offset) + from;
    if (file.size() < at + size) file.resize(at + size);
    file.replace(at, size, call.bytes, from, size);
  };
  std::size_t flushed = 0;
  for (std::size_t i = 0; i < cut; ++i)
    if (calls[i].kind == faults::Call::Kind::sync && i + 1 < cut) flushed = i;
  for (std::size_t i = 0; i < cut; ++i) {
    const faults::Call& call = calls[i];
    if (call.kind == faults::Call::Kind::truncate) {
      file.resize(static_cast<std::size_t>(call.offset));
    } else if (call.kind == faults::Call::Kind::write) {
      const bool safe = i < flushed || (call.at_once && i + 1 < cut);
      for (std::size_t from = 0; from < call.bytes.size(); from += kSector) {
        if (safe || random() % 2 == 0) {
          apply(call, from, std::min(kSector, call.bytes.size() - from));
        }
      }
    }
  }
  return file;
}

}  // namespace

TEST_CASE("store/faults: a commit that cannot be written is reported as failed", "[faults]") {
  const int how = GENERATE(EIO, ENOSPC, faults::kShortWrite);
  const bool for_good = GENERATE(false, true);
  CAPTURE(how, for_good);
  std::size_t calls = 0;
  while (try_fault(calls, how, for_good))
    ++calls;
  CHECK(calls > 20);
}

TEST_CASE("store/faults: a power cut loses nothing that was answered, at any write", "[faults]") {
  TempDir dir;
  std::vector<std::size_t> answered;  // calls there had been when change N was answered
  std::vector<faults::Call> calls;
  std::string base;
  {
    const auto store = open_store(dir.path(), kInitial);
    std::ifstream in(file_of(dir), std::ios::binary);
    base.assign(std::istreambuf_iterator<char>(in), {});
    const Watching watching(file_of(dir));
    for (int n = 1; n <= 40; ++n) {
      must(change(*store, n));
      answered.push_back(faults::recorded().size());
    }
    calls = faults::recorded();
  }
  const faults::Call flush{.kind = faults::Call::Kind::sync};
  calls.insert(calls.begin(), {faults::Call{.bytes = base}, flush});
  calls.push_back(flush);  // the last cut is after everything
  std::mt19937 random(20261121);
  for (std::size_t cut = 3; cut <= calls.size(); ++cut) {
    for (int attempt = 0; attempt < 2; ++attempt) {
      CAPTURE(cut, attempt);
      TempDir after;
      std::ofstream(file_of(after), std::ios::binary) << image(calls, cut, random);
      const auto known = std::count_if(
          answered.begin(), answered.end(), [&](std::size_t at) { return at + 2 < cut; });
      check_reopened(after.path(), static_cast<RevisionId>(known));
    }
  }
}
