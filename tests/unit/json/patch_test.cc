#include "json/patch.hh"

#include "json/reader.hh"

#include <catch2/catch.hpp>

using engine::Errc;
using engine::json::apply_patch;
using engine::json::parse;
using engine::json::patch_from;
using engine::json::Value;
using engine::json::write;

namespace {

engine::Result<Value> patched(std::string_view document, std::string_view patch) {
  Value value = *parse(document);
  auto operations = patch_from(*parse(patch));
  if (!operations) return engine::fail(operations.error());
  const Value before = value;
  auto done = apply_patch(value, *operations);
  if (!done) {
    CHECK(value == before);
    return engine::fail(done.error());
  }
  return value;
}

struct Row {
  const char* document;
  const char* patch;
  const char* result;
};

}  // namespace

TEST_CASE("json/patch: carries out all six operations", "[json]") {
  const Row rows[] = {
      {R"({"a":1})", R"([{"op":"add","path":"/b","value":[2]}])", R"({"a":1,"b":[2]})"},
      {R"({"a":1})", R"([{"op":"add","path":"/a","value":null}])", R"({"a":null})"},
      {R"([1,3])", R"([{"op":"add","path":"/1","value":2}])", "[1,2,3]"},
      {R"([1])", R"([{"op":"add","path":"/-","value":2}])", "[1,2]"},
      {R"([1])", R"([{"op":"add","path":"/1","value":2}])", "[1,2]"},
      {R"({"a":1})", R"([{"op":"add","path":"","value":7}])", "7"},
      {R"({"a":1,"b":2})", R"([{"op":"remove","path":"/a"}])", R"({"b":2})"},
      {R"([1,2,3])", R"([{"op":"remove","path":"/1"}])", "[1,3]"},
      {R"({"a":[1]})", R"([{"op":"replace","path":"/a/0","value":{}}])", R"({"a":[{}]})"},
      {R"([1])", R"([{"op":"replace","path":"","value":null}])", "null"},
      {R"({"a":1})", R"([{"op":"move","from":"/a","path":"/b"}])", R"({"b":1})"},
      {R"([1,2,3])", R"([{"op":"move","from":"/0","path":"/2"}])", "[2,3,1]"},
      {R"({"a":1})", R"([{"op":"move","from":"/a","path":"/a"}])", R"({"a":1})"},
      {R"({"a":{"b":1}})", R"([{"op":"move","from":"/a/b","path":"/a"}])", R"({"a":1})"},
      {R"({"a":[1]})", R"([{"op":"copy","from":"/a","path":"/a/-"}])", R"({"a":[1,[1]]})"},
      {R"({"a":1})", R"([{"op":"test","path":"/a","value":1.0}])", R"({"a":1})"},
      {R"({"a":{"x":1,"y":[2]}})",
       R"([{"op":"test","path":"/a","value":{"y":[2],"x":1}}])",
       R"({"a":{"x":1,"y":[2]}})"},
      {R"({"":1})", R"([{"op":"replace","path":"/","value":2,"extra":true}])", R"({"":2})"},
      {R"({"a":1})", "[]", R"({"a":1})"},
  };
  for (const Row& row : rows) {
    INFO(row.document << " " << row.patch);
    const auto result = patched(row.document, row.patch);
    REQUIRE(result.has_value());
    CHECK(write(*result) == row.result);
  }
}

TEST_CASE("json/patch: refuses and leaves the document as it was", "[json]") {
  const std::pair<Row, Errc> rows[] = {
      {{R"({"a":1})", R"([{"op":"replace","path":"/b","value":1}])", ""}, Errc::not_found},
      {{R"({"a":1})", R"([{"op":"remove","path":"/b"}])", ""}, Errc::not_found},
      {{R"({"a":1})", R"([{"op":"remove","path":""}])", ""}, Errc::invalid_params},
      {{R"([1])", R"([{"op":"remove","path":"/-"}])", ""}, Errc::not_found},
      {{R"([1])", R"([{"op":"remove","path":"/1"}])", ""}, Errc::not_found},
      {{R"([1])", R"([{"op":"add","path":"/2","value":1}])", ""}, Errc::not_found},
      {{R"([1])", R"([{"op":"add","path":"/01","value":1}])", ""}, Errc::invalid_params},
      {{R"([1])", R"([{"op":"add","path":"/x","value":1}])", ""}, Errc::invalid_params},
      {{R"({})", R"([{"op":"add","path":"/a/b","value":1}])", ""}, Errc::not_found},
      {{R"({"a":1})", R"([{"op":"add","path":"/a/b","value":1}])", ""}, Errc::not_found},
      {{R"({"a":{}})", R"([{"op":"move","from":"/a","path":"/a/b"}])", ""}, Errc::invalid_params},
      {{R"({})", R"([{"op":"move","from":"/a","path":"/a"}])", ""}, Errc::not_found},
      {{R"({})", R"([{"op":"copy","from":"/a","path":"/b"}])", ""}, Errc::not_found},
      {{R"({"a":1})", R"([{"op":"test","path":"/a","value":"1"}])", ""}, Errc::conflict},
      {{R"({"a":9007199254740993})",
        R"([{"op":"test","path":"/a","value":9007199254740992.0}])",
        ""},
       Errc::conflict},
      {{R"({})", R"([{"op":"spam","path":"/a"}])", ""}, Errc::invalid_params},
      {{R"({})", R"([{"path":"/a"}])", ""}, Errc::invalid_params},
      {{R"({})", R"([{"op":"add","path":"a","value":1}])", ""}, Errc::invalid_params},
      {{R"({})", R"([{"op":"add","path":"/a"}])", ""}, Errc::invalid_params},
      {{R"({})", R"([{"op":"move","path":"/a"}])", ""}, Errc::invalid_params},
      {{R"({})", R"({"op":"add"})", ""}, Errc::invalid_params},
      {{R"({})", "[7]", ""}, Errc::invalid_params},
  };
  for (const auto& [row, code] : rows) {
    INFO(row.document << " " << row.patch);
    const auto result = patched(row.document, row.patch);
    REQUIRE_FALSE(result.has_value());
    CHECK(result.error().code == code);
  }
}

TEST_CASE("json/patch: takes back everything when a later operation fails", "[json]") {
  const auto result = patched(R"({"a":{"b":[1,2,3]},"c":1})",
                              R"([{"op":"replace","path":"/c","value":2},
                                  {"op":"add","path":"/a","value":0},
                                  {"op":"add","path":"/a","value":{"b":[4]}},
                                  {"op":"remove","path":"/a/b/0"},
                                  {"op":"move","from":"/c","path":"/d"},
                                  {"op":"test","path":"/d","value":3}])");
  REQUIRE_FALSE(result.has_value());
  CHECK(result.error().code == Errc::conflict);
  CHECK(result.error().message.find("operation 5") != std::string::npos);
}

TEST_CASE("json/patch: writes members in the order of the wire", "[json]") {
  const auto patch = *patch_from(
      *parse(R"([{"value":1.0,"path":"/a","op":"add"},{"path":"/b","from":"/a","op":"move"}])"));
  CHECK(write(patch) ==
        R"([{"op":"add","path":"/a","value":1.0},{"op":"move","path":"/b","from":"/a"}])");
}
