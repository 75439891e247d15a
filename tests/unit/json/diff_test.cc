#include "json/diff.hh"

#include "json/reader.hh"

#include "support/random_json.hh"
#include <catch2/catch.hpp>

#include <chrono>

using engine::json::apply_patch;
using engine::json::Array;
using engine::json::diff;
using engine::json::Op;
using engine::json::parse;
using engine::json::Value;
using engine::json::write;

namespace {

std::string between(std::string_view before, std::string_view after) {
  return write(diff(*parse(before), *parse(after)));
}

void check_laws(const Value& before, const Value& after) {
  const auto patch = diff(before, after);
  Value value = before;
  const auto done = apply_patch(value, patch);
  INFO(write(before) << "\n" << write(after) << "\n" << write(patch));
  REQUIRE(done.has_value());
  REQUIRE(value == after);
  REQUIRE(patch.empty() == (before == after));
  REQUIRE(diff(before, after) == patch);
  const std::size_t whole = write(engine::json::Patch{{.op = Op::replace, .value = after}}).size();
  REQUIRE((patch.empty() || write(patch).size() <= whole));
  for (const auto& operation : patch) {
    REQUIRE(operation.op <= Op::replace);
    REQUIRE_FALSE((operation.op == Op::remove && operation.path.is_root()));
  }
}

}  // namespace

TEST_CASE("json/diff: gives the short answer", "[json]") {
  CHECK(between(R"({"a":1,"b":2})", R"({"b":2,"a":1})") == "[]");
  CHECK(between("1", "1.0") == R"([{"op":"replace","path":"","value":1.0}])");
  CHECK(between(R"({"longer name":{"a":1,"b":"some more text"}})",
                R"({"longer name":{"a":2,"b":"some more text"}})") ==
        R"([{"op":"replace","path":"/longer name/a","value":2}])");
  CHECK(between(R"(["aaaaaaaaaaaaaaaaaaaa","bbbbbbbbbbbbbbbbbbbb","cccccccccccccccccc"])",
                R"(["new","aaaaaaaaaaaaaaaaaaaa","bbbbbbbbbbbbbbbbbbbb","cccccccccccccccccc"])") ==
        R"([{"op":"add","path":"/0","value":"new"}])");
  CHECK(between(R"({"a":1})", "[]") == R"([{"op":"replace","path":"","value":[]}])");
}

TEST_CASE("json/diff: obeys its laws on random neighbours", "[json]") {
  engine::test::RandomJson random(20260731);
  for (int i = 0; i < 4000; ++i) {
    const Value before = random.value(4, 6);
    check_laws(before, random.edit(before, 2));
    if (i % 10 == 0) check_laws(before, random.value(3, 6));
  }
}

TEST_CASE("json/diff: aligns long arrays by content", "[json]") {
  Array elements;
  for (int i = 0; i < 100000; ++i)
    elements.emplace_back("element " + std::to_string(i));
  const Value before = elements;
  elements.insert(elements.begin() + 50000, Value("new"));
  elements.erase(elements.begin() + 70000);
  elements[90000] = "changed";
  const Value after = elements;
  const auto patch = diff(before, after);
  REQUIRE(patch.size() == 3);
  check_laws(before, after);
}

TEST_CASE("json/diff: falls back by position where everything differs", "[json]") {
  Array left;
  Array right;
  for (int i = 0; i < 3000; ++i) {
    left.emplace_back(i);
    right.emplace_back("text " + std::to_string(i));
  }
  check_laws(left, right);
}
