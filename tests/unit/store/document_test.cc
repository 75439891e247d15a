#include "store/document.hh"

#include "json/diff.hh"
#include "store/document_writer.hh"

#include "support/random_json.hh"
#include "unit/store/temp_store.hh"
#include <lmdb.h>

using namespace engine::store;
using engine::json::Op;
using engine::json::Value;
using engine::test::at;
using engine::test::must;

namespace {

/// A document in a transaction of its own, beside the tree it should equal.
struct Bench {
  explicit Bench(const Value& start)
      : env(must(Env::open(dir.path(), {}))), txn(must(env->write())), model(start) {
    must(DocumentWriter(txn.txn(), next).create(model));
  }

  void apply(const engine::json::Operation& operation) {
    must(DocumentWriter(txn.txn(), next).apply(operation));
    must(engine::json::apply_one(model, operation.op, operation.path, operation.value));
  }
  void check() const {
    const Document document(txn.txn());
    REQUIRE(must(document.value(must(document.root()))) == model);
    std::string text;
    engine::json::Writer out(text);
    must(document.write(must(document.root()), out));
    REQUIRE(text == engine::json::write(model));
  }
  [[nodiscard]] std::size_t entries() const {
    MDB_stat stat{};
    mdb_stat(txn.txn().raw, txn.txn().table(Table::nodes), &stat);
    return stat.ms_entries;
  }

  engine::test::TempDir dir;
  std::unique_ptr<Env> env;
  WriteTxn txn;
  std::uint64_t next = 1;
  Value model;
};

Value padded(int i) {
  return "value " + std::to_string(i) + std::string(60, '.');
}

}  // namespace

TEST_CASE("store/document: equals the tree it was made from", "[store]") {
  engine::test::RandomJson random(11);
  Bench bench(Value(nullptr));
  for (int i = 0; i < 300; ++i) {
    bench.apply({.op = Op::replace, .value = random.value(5, 12)});
    bench.check();
  }
}

TEST_CASE("store/document: follows every operation", "[store]") {
  engine::test::RandomJson random(12);
  for (int round = 0; round < 12; ++round) {
    Bench bench(random.value(5, 14));
    for (int step = 0; step < 40; ++step) {
      const Value next = random.edit(bench.model, 4);
      for (const auto& operation : engine::json::diff(bench.model, next))
        bench.apply(operation);
      bench.check();
    }
    // What remains after replacing everything is the document alone: no container leaks.
    bench.apply({.op = Op::replace, .value = Value(1)});
    REQUIRE(bench.entries() == 1);
  }
}

TEST_CASE("store/document: keeps long keys apart and in byte order", "[store]") {
  Bench bench(engine::test::js("{}"));
  const std::string stem(448, 'p');
  for (const std::string tail : {"", "a", "zz", "b/~", "c", "\x01"}) {
    bench.apply({.op = Op::add,
                 .path = must(engine::json::Pointer::from_tokens({stem + tail})),
                 .value = padded(1)});
    bench.apply({.op = Op::add,
                 .path = must(engine::json::Pointer::from_tokens({stem + "long" + tail})),
                 .value = padded(2)});
    bench.check();
  }
  bench.apply({.op = Op::add,
               .path = must(engine::json::Pointer::from_tokens({std::string(60000, 'k')})),
               .value = Value(7)});
  bench.apply({.op = Op::remove, .path = must(engine::json::Pointer::from_tokens({stem + "zz"}))});
  bench.check();
  const Document document(bench.txn.txn());
  const auto place = must(document.child(must(document.root()), std::string(60000, 'k')));
  REQUIRE(place.has_value());
  CHECK(must(document.value(*place)) == Value(7));
}

TEST_CASE("store/document: splits what grows and joins what shrinks", "[store]") {
  Bench bench(engine::test::js(R"({"list":[],"map":{}})"));
  REQUIRE(bench.entries() == 1);
  for (int i = 0; i < 200; ++i) {
    bench.apply({.op = Op::add, .path = at("/list/-"), .value = padded(i)});
    bench.apply({.op = Op::add, .path = at("/map").child(std::to_string(i)), .value = padded(i)});
  }
  bench.check();
  REQUIRE(bench.entries() > 400);
  for (int i = 0; i < 200; ++i) {
    bench.apply({.op = Op::remove, .path = at("/list/0")});
    bench.apply({.op = Op::remove, .path = at("/map").child(std::to_string(i))});
  }
  bench.check();
  REQUIRE(bench.entries() == 1);
}

TEST_CASE("store/document: refuses what RFC 6902 refuses", "[store]") {
  engine::json::Object big;
  for (int i = 0; i < 100; ++i)
    big["k" + std::to_string(i)] = padded(i);
  engine::json::Array list(100, padded(0));
  Bench bench(engine::json::Object{{"big", big}, {"list", list}, {"n", 1}});
  const auto refused = [&](Op op, std::string_view path) {
    auto done = DocumentWriter(bench.txn.txn(), bench.next)
                    .apply({.op = op, .path = at(path), .value = Value(1)});
    REQUIRE_FALSE(done.has_value());
    return done.error().code;
  };
  using engine::Errc;
  CHECK(refused(Op::remove, "/big/none") == Errc::not_found);
  CHECK(refused(Op::replace, "/big/none") == Errc::not_found);
  CHECK(refused(Op::add, "/none/x") == Errc::not_found);
  CHECK(refused(Op::add, "/n/x") == Errc::not_found);
  CHECK(refused(Op::add, "/list/101") == Errc::not_found);
  CHECK(refused(Op::add, "/list/01") == Errc::invalid_params);
  CHECK(refused(Op::remove, "/list/-") == Errc::not_found);
  CHECK(refused(Op::remove, "/list/100") == Errc::not_found);
  CHECK(refused(Op::remove, "") == Errc::invalid_params);
  bench.check();
}
