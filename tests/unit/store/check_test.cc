#include "store/check.hh"

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

/// Checks in a child, since LMDB forbids a second opening in this process. 0: good.
int check_elsewhere(const std::filesystem::path& directory) {
  const pid_t child = ::fork();
  if (child == 0) {
    const auto report = check(directory);
    const bool good = report && report->findings.empty() &&
                      report->revisions == report->head - report->oldest + 1 &&
                      report->entries > 2000 && report->document_bytes > 500 * 100;
    ::_exit(good ? 0 : 1);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  return status;
}

Value wide_object(int members) {
  Value value;
  for (int i = 0; i < members; ++i)
    value["member " + std::to_string(i)] = std::string(100, 'x');
  return value;
}

}  // namespace

TEST_CASE("store/check: a good store is good, also while somebody writes", "[store]") {
  TempDir dir;
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
    CHECK(check_elsewhere(dir.path()) == 0);
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
