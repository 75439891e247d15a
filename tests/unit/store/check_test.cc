#include "store/check.hh"

#include "base/pipe.hh"
#include "store/env.hh"

#include "temp_store.hh"
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>

using namespace engine::store;
using engine::Errc;
using engine::json::Value;
using engine::test::at;
using engine::test::must;
using engine::test::open_store;
using engine::test::TempDir;

namespace {

void put(Store& store, std::string_view where, const Value& value) {
  must(store.mutate([&](Mutation& m) { return m.put(at(where), value); }));
}

/// Checks in a child, since LMDB forbids a second opening in this process. It is forked before
/// there are threads, and then asked: what another thread holds at a fork is held in the child for
/// ever.
class Checker {
 public:
  explicit Checker(std::filesystem::path directory) {
    auto [asked, ask] = must(engine::make_pipe());
    auto [told, tell] = must(engine::make_pipe());
    child_ = ::fork();
    if (child_ == 0) {
      ask.reset();
      char round = 0;
      while (::read(asked.get(), &round, 1) == 1) {
        const char good = is_good(directory) ? 'y' : 'n';
        if (::write(tell.get(), &good, 1) != 1) break;
      }
      ::_exit(0);
    }
    ask_ = std::move(ask);
    told_ = std::move(told);
  }
  Checker(const Checker&) = delete;
  Checker& operator=(const Checker&) = delete;
  ~Checker() {
    ask_.reset();
    ::waitpid(child_, nullptr, 0);
  }

  bool finds_it_good() {
    char good = 0;
    return ::write(ask_.get(), "?", 1) == 1 && ::read(told_.get(), &good, 1) == 1 && good == 'y';
  }

 private:
  static bool is_good(const std::filesystem::path& directory) {
    const auto report = check(directory);
    return report && report->findings.empty() &&
           report->revisions == report->head - report->oldest + 1 && report->entries > 2000 &&
           report->document_bytes > 500 * 100;
  }

  pid_t child_ = -1;
  engine::UniqueFd ask_;
  engine::UniqueFd told_;
};

Value wide_object(int members) {
  Value value;
  for (int i = 0; i < members; ++i)
    value["member " + std::to_string(i)] = std::string(100, 'x');
  return value;
}

}  // namespace

TEST_CASE("store/check: a good store is good, also while somebody writes", "[store]") {
  TempDir dir;
  Checker checker(dir.path());
  const auto store = open_store(dir.path());
  put(*store, "/wide", wide_object(500));
  engine::json::Array elements(2000, Value("some text for an element"));
  put(*store, "/list", elements);
  must(store->flush());
  std::atomic<bool> stop{false};
  std::thread writer([&] {
    for (int i = 0; !stop; ++i)
      must(store->mutate([&](Mutation& m) { return m.put(at("/list/7"), Value(i)); }));
  });
  for (int round = 0; round < 5; ++round)
    CHECK(checker.finds_it_good());
  stop = true;
  writer.join();
}

TEST_CASE("store/check: finds what is left out, too much or wrong", "[store]") {
  TempDir dir;
  {
    const auto store = open_store(dir.path());
    put(*store, "/wide", wide_object(100));
    put(*store, "/one", 1);
  }
  const auto spoil = [&](const std::function<void(const Txn&)>& how) {
    TempDir copy;
    std::filesystem::copy(dir.path() / "data.mdb", copy.path() / "data.mdb");
    {
      const auto env = must(Env::open(copy.path(), {}));
      auto txn = must(env->write());
      how(txn.txn());
      must(txn.commit());
    }
    const auto told = verdict(must(check(copy.path())), copy.path());
    REQUIRE_FALSE(told.has_value());
    CHECK(told.error().code == Errc::corrupt);
    return told.error().message;
  };
  CHECK_THAT(spoil([](const Txn& txn) { must(set_member_count(txn, 1, 77)); }),
             Catch::Contains("its header says 77"));
  CHECK_THAT(spoil([](const Txn& txn) {
               const auto at = must(new_member_address(txn, 99, "stray"));
               must(save(txn, Table::nodes, at.key, encode_text(at, "1")));
             }),
             Catch::Contains("beside the document"));
  CHECK_THAT(spoil([](const Txn& txn) {
               Head head = must(load_head(txn));
               ++head.revision;
               must(save_head(txn, head));
             }),
             Catch::Contains("the head says"));
  CHECK_THAT(spoil([](const Txn& txn) { must(erase(txn, Table::nodes, document_address().key)); }),
             Catch::Contains("document: it is missing"));
}
