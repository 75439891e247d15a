#include "json/scope.hh"

#include "json/diff.hh"
#include "json/reader.hh"

#include "support/random_json.hh"
#include <catch2/catch.hpp>

using namespace engine::json;

namespace {

const Value* at(const Value& document, const Pointer& scope) {
  const auto found = resolve(document, scope);
  return found ? *found : nullptr;
}

std::string told(std::string_view document, std::string_view scope, std::string_view patch) {
  Value value = *parse(document);
  const Pointer pointer = *Pointer::parse(scope);
  const Value* found = at(value, pointer);
  const Value before = found == nullptr ? Value() : *found;
  const auto simple = apply_simplified(value, *patch_from(*parse(patch)));
  REQUIRE(simple.has_value());
  return write(scoped(*simple, pointer, &before, at(value, pointer)));
}

/// A pointer into `value`, or past it.
Pointer random_pointer(engine::test::RandomJson& random, const Value& value) {
  Pointer pointer;
  const Value* here = &value;
  while (here != nullptr && random.below(4) != 0) {
    if (here->array() != nullptr && !here->array()->empty()) {
      pointer = pointer.child(random.below(here->array()->size() + 1));
    } else if (here->object() != nullptr && !here->object()->empty()) {
      auto member = here->object()->begin();
      std::advance(member, random.below(here->object()->size()));
      pointer = pointer.child(member->first);
    } else {
      return random.below(3) == 0 ? pointer.child(random.key()) : pointer;
    }
    here = at(value, pointer);
  }
  return pointer;
}

Operation random_operation(engine::test::RandomJson& random, const Value& document) {
  constexpr std::array kOps = {Op::add, Op::remove, Op::replace, Op::move, Op::copy};
  Operation operation{.op = kOps[random.below(kOps.size())]};
  operation.path = random_pointer(random, document);
  if (operation.op == Op::move || operation.op == Op::copy) {
    operation.from = random_pointer(random, document);
  }
  if (operation.op == Op::add || operation.op == Op::replace) operation.value = random.value(2, 3);
  return operation;
}

}  // namespace

TEST_CASE("json/scope: tells what happens below, relative", "[json]") {
  CHECK(told(R"({"a":{"b":1},"c":2})", "/a", R"([{"op":"replace","path":"/a/b","value":3}])") ==
        R"([{"op":"replace","path":"/b","value":3}])");
  CHECK(told(R"({"a":{"b":1},"c":2})", "/a", R"([{"op":"replace","path":"/c","value":3}])") ==
        "[]");
  CHECK(told(R"({"a":{"b":1}})", "/a", R"([{"op":"remove","path":"/a"}])") ==
        R"([{"op":"replace","path":"","value":null}])");
  CHECK(told(R"({"a":{"b":1}})",
             "/a/b",
             R"([{"op":"replace","path":"/a","value":{"b":1,"c":2}}])") == "[]");
}

TEST_CASE("json/scope: follows array elements that move", "[json]") {
  CHECK(told("[10,20,30]", "/1", R"([{"op":"add","path":"/0","value":5}])") ==
        R"([{"op":"replace","path":"","value":10}])");
  CHECK(told("[10,20,30]", "/1", R"([{"op":"remove","path":"/2"}])") == "[]");
  CHECK(told("[10,20]", "/1", R"([{"op":"remove","path":"/0"}])") ==
        R"([{"op":"replace","path":"","value":null}])");
  CHECK(told(R"({"a":[{"x":1},{"x":2}]})",
             "/a/0/x",
             R"([{"op":"move","from":"/a/1","path":"/a/0"}])") ==
        R"([{"op":"replace","path":"","value":2}])");
  CHECK(told("[1,2]", "", R"([{"op":"add","path":"/-","value":3}])") ==
        R"([{"op":"add","path":"/2","value":3}])");
  CHECK(told(R"({"0":1,"1":2})", "/1", R"([{"op":"remove","path":"/0"}])") == "[]");
}

TEST_CASE("json/scope: a subscriber's copy stays equal, whatever changes", "[json]") {
  engine::test::RandomJson random(20261121);
  for (int round = 0; round < 20'000; ++round) {
    Value document = random.value(4, 4);
    const Pointer scope = random_pointer(random, document);
    const Value* found = at(document, scope);
    Value copy = found == nullptr ? Value() : *found;
    const Value before = copy;
    Patch done;
    for (std::size_t count = 1 + random.below(4); count > 0; --count) {
      Value tried = document;
      const auto simple = apply_simplified(tried, {random_operation(random, document)});
      if (!simple) continue;
      document = std::move(tried);
      done.insert(done.end(), simple->begin(), simple->end());
    }
    const Value* now = at(document, scope);
    const Patch told_patch = scoped(done, scope, &before, now);
    INFO(write(before) << "\n" << scope.text() << "\n" << write(done) << "\n" << write(told_patch));
    REQUIRE(apply_patch(copy, told_patch).has_value());
    REQUIRE(copy == (now == nullptr ? Value() : *now));
  }
}

TEST_CASE("json/scope: a simplified patch does the same", "[json]") {
  engine::test::RandomJson random(7);
  for (int round = 0; round < 20'000; ++round) {
    const Value document = random.value(3, 4);
    const Patch patch{random_operation(random, document), random_operation(random, document)};
    Value expected = document;
    Value got = document;
    const bool good = apply_patch(expected, patch).has_value();
    const auto simple = apply_simplified(got, patch);
    INFO(write(document) << "\n" << write(patch));
    REQUIRE(simple.has_value() == good);
    if (!good) continue;
    REQUIRE(got == expected);
    Value again = document;
    REQUIRE(apply_patch(again, *simple).has_value());
    REQUIRE(again == expected);
  }
}
