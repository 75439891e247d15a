#include "store/layered.hh"

#include "store/document_writer.hh"

#include "support/random_json.hh"
#include "unit/store/temp_store.hh"

using namespace engine::store;
using engine::json::Op;
using engine::json::Pointer;
using engine::json::Value;
using engine::test::must;

namespace {

struct Bench {
  explicit Bench(const Value& start)
      : env(must(Env::open(dir.path(), {}))), txn(must(env->write())), document(txn.txn()) {
    std::uint64_t next = 1;
    must(DocumentWriter(txn.txn(), next).create(start));
  }
  engine::test::TempDir dir;
  std::unique_ptr<Env> env;
  WriteTxn txn;
  Document document;
};

/// A pointer to somewhere in `value`, or just beside it.
Pointer somewhere(const Value& value, engine::test::RandomJson& random) {
  Pointer pointer;
  const Value* here = &value;
  while (true) {
    if (const auto* elements = here->array(); elements != nullptr && !elements->empty()) {
      const std::size_t index = random.below(elements->size());
      pointer = pointer.child(index);
      here = &(*elements)[index];
    } else if (const auto* members = here->object(); members != nullptr && !members->empty()) {
      auto member = members->begin();
      std::advance(member, static_cast<std::ptrdiff_t>(random.below(members->size())));
      pointer = pointer.child(member->first);
      here = &member->second;
    } else {
      break;
    }
    if (random.below(4) == 0) break;
  }
  if (random.below(3) == 0) pointer = pointer.parent().child(random.key());
  return pointer;
}

template <typename Layer>
void check_equal(const Layer& layer, const Value& model) {
  REQUIRE(must(layer.value(must(layer.root()))) == model);
  std::string text;
  engine::json::Writer out(text);
  must(layer.write(must(layer.root()), out));
  REQUIRE(text == engine::json::write(model));
}

template <typename Layer>
void check_found(const Layer& layer, const Value& model, const Pointer& path) {
  const auto wanted = engine::json::resolve(model, path);
  const auto place = must(layer.find(path));
  REQUIRE(place.has_value() == (wanted && *wanted != nullptr));
  if (!place) return;
  REQUIRE(must(layer.value(*place)) == **wanted);
  const auto kind = layer.kind(*place);
  REQUIRE(kind == must(layer.shape(*place)).kind);
}

/// Random edits through `layer` and on `model` alike; both must agree on what fails.
template <typename Layer>
void scribble(Layer& layer, Value& model, engine::test::RandomJson& random, int steps) {
  for (int i = 0; i < steps; ++i) {
    const Pointer path = somewhere(model, random);
    const Op op = static_cast<Op>(random.below(3));
    const Value value = random.value(3, 4);
    Value changed = model;
    const auto expected = engine::json::apply_one(changed, op, path, value);
    const auto done = layer.edit(op, path, value);
    INFO(engine::json::op_name(op) << " " << path.text());
    REQUIRE(done.has_value() == expected.has_value());
    if (done) {
      model = changed;
    } else {
      REQUIRE(done.error().code == expected.error().code);
    }
  }
}

}  // namespace

TEST_CASE("store/layered: reads like the edited tree and gives the patch to it", "[store]") {
  engine::test::RandomJson random(21);
  for (int round = 0; round < 60; ++round) {
    const Value start = random.value(5, 10);
    Bench bench(start);
    Value model = start;
    View view(bench.document);
    scribble(view, model, random, 15);
    check_equal(view, model);
    const NodePtr frozen = view.freeze();
    const Value frozen_model = model;

    Draft draft(view);
    Value drafted = model;
    scribble(draft, drafted, random, 15);
    check_equal(draft, drafted);
    const auto patch = must(draft.change()).patch;
    Value patched = model;
    must(engine::json::apply_patch(patched, patch));
    REQUIRE(patched == drafted);
    REQUIRE(patch.empty() == (model == drafted));

    scribble(view, model, random, 10);
    check_equal(view, model);
    check_equal(View(bench.document, frozen), frozen_model);
    const auto whole = must(view.change()).patch;
    Value replayed = start;
    must(engine::json::apply_patch(replayed, whole));
    REQUIRE(replayed == model);

    // Last: what lies below is written to.
    std::uint64_t next = 1'000'000;
    DocumentWriter writer(bench.txn.txn(), next);
    for (const auto& operation : must(view.operations()))
      must(writer.apply(operation));
    const Document written(bench.txn.txn());
    REQUIRE(must(written.value(must(written.root()))) == model);
  }
}

TEST_CASE("store/layered: finds what was edited and what was not", "[store]") {
  engine::test::RandomJson random(22);
  for (int round = 0; round < 60; ++round) {
    const Value start = random.value(5, 10);
    Bench bench(start);
    Value model = start;
    View view(bench.document);
    scribble(view, model, random, 10);
    Draft draft(view);
    Value drafted = model;
    scribble(draft, drafted, random, 5);
    for (int i = 0; i < 50; ++i) {
      const Pointer path = somewhere(random.below(2) == 0 ? start : drafted, random);
      INFO(path.text());
      check_found(view, model, path);
      check_found(draft, drafted, path);
    }
  }
}

TEST_CASE("store/layered: finds that edits which cancel out are none", "[store]") {
  Bench bench(engine::test::js(R"({"a":[1,2,3],"o":{"x":1}})"));
  View view(bench.document);
  const auto at = [](std::string_view text) { return *Pointer::parse(text); };
  must(view.edit(Op::add, at("/a/1"), "new"));
  must(view.edit(Op::remove, at("/a/1"), {}));
  must(view.edit(Op::add, at("/o/y"), 1));
  must(view.edit(Op::remove, at("/o/y"), {}));
  must(view.edit(Op::replace, at("/o/x"), 2));
  must(view.edit(Op::replace, at("/o/x"), 1));
  must(view.edit(Op::remove, at("/o/x"), {}));
  must(view.edit(Op::add, at("/o/x"), 1));
  CHECK(must(view.change()).patch.empty());
}

TEST_CASE("store/layered: one insertion into a long array is one operation", "[store]") {
  engine::json::Array elements;
  for (int i = 0; i < 10000; ++i)
    elements.emplace_back("element " + std::to_string(i));
  Bench bench{Value(elements)};
  View view(bench.document);
  must(view.edit(Op::add, *Pointer::parse("/5000"), "new"));
  must(view.edit(Op::replace, *Pointer::parse("/7000"), "changed"));
  const auto patch = must(view.change()).patch;
  REQUIRE(patch.size() == 2);
  CHECK(patch[0].shifts);
  CHECK(patch[1].path.text() == "/7000");
}
