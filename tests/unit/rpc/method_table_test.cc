#include "rpc/method_table.hh"

#include <catch2/catch.hpp>

using engine::Errc;
using engine::rpc::HandlerKind;
using engine::rpc::MethodTable;

namespace {

std::shared_ptr<const MethodTable> table(std::string_view description) {
  auto built = MethodTable::build(description);
  REQUIRE(built);
  return *built;
}

}  // namespace

TEST_CASE("rpc/method_table: keeps everything a description says") {
  const auto methods = table(
      R"([{"method":"package.start","kind":"async_local","context":"RpcContext","read_only":true,
           "deadline_ms":120000,"raw_params":["value"],"raw_result":true,"about":"about.x",
           "metadata":{"authenticated":false},"params":{"type":"object"},"result":null,
           "file":"core/package.lua","line":12},
          {"method":"echo","raw_params":{}}])");
  const auto* method = methods->find("package.start");
  REQUIRE(method != nullptr);
  CHECK(method->index == 0);
  CHECK(method->kind == HandlerKind::async_local);
  CHECK(method->read_only);
  CHECK(method->raw_result);
  CHECK(method->raw_params == std::vector<std::string>{"value"});
  CHECK(method->deadline == engine::Milliseconds(120'000));
  CHECK(method->file == "core/package.lua");
  CHECK(method->line == 12);
}

TEST_CASE("rpc/method_table: resolves names as the reference says") {
  const auto methods = table(R"([{"method":"echo"},{"method":"db"},{"method":"db.dump"}])");
  CHECK(methods->find("echo") != nullptr);
  CHECK(methods->find("echo.") == methods->find("echo"));
  CHECK(methods->find("db.") == methods->find("db"));
  CHECK(methods->find("db.dump.") == methods->find("db.dump"));
  for (const char* name : {"", ".", "echo..", "echo.x", "Echo", "d", "db..dump", ".echo", "nope"}) {
    INFO(name);
    CHECK(methods->find(name) == nullptr);
  }
}

TEST_CASE("rpc/method_table: an empty tree arrives as an object") {
  CHECK(table("{}")->methods().empty());
  CHECK(table("[]")->methods().empty());
}

TEST_CASE("rpc/method_table: refuses a description with a mistake, naming the place") {
  const auto refused = [](std::string_view description) {
    const auto built = MethodTable::build(description);
    REQUIRE_FALSE(built);
    CHECK(built.error().code == Errc::script);
    return built.error();
  };
  const auto twice = refused(
      R"([{"method":"a","file":"core/a.lua","line":3},{"method":"a","file":"core/b.lua","line":9}])");
  CHECK(twice.message == "core/b.lua:9: method 'a': there is another method of that name");
  CHECK(twice.info == R"({"file":"core/b.lua","line":9})");
  refused(R"([{"method":"a","kind":"sometimes"}])");
  refused(R"([{"kind":"fn"}])");
  refused(R"([{"method":"a","raw_params":[1]}])");
  refused(R"([{"method":"a","deadline_ms":0}])");
  refused(R"([{"method":"a","max_params":-1}])");
  refused(R"([1])");
  refused(R"("x")");
}

TEST_CASE("rpc/method_table: offers the nearest name") {
  const auto methods = table(R"([{"method":"package.start"},{"method":"package.stop"}])");
  CHECK(methods->nearest("package.strat") == "package.start");
  CHECK(methods->nearest("packag.stop") == "package.stop");
  CHECK(methods->nearest("wifi.add").empty());
}

TEST_CASE("rpc/method_table: says what is in a group that is no method") {
  const auto methods =
      table(R"([{"method":"a.b"},{"method":"db"},{"method":"db.x"},{"method":"g.1"},
      {"method":"g.2"},{"method":"g.3"},{"method":"g.4"},{"method":"g.5"},{"method":"g.6.7"},
      {"method":"go.on"}])");
  CHECK(methods->hint("a") == "it is a group: a.b");
  CHECK(methods->hint("g") == "it is a group: g.1, g.2, g.3, g.4, g.5, …");
  CHECK(methods->hint("g.6") == "it is a group: g.6.7");
  CHECK(methods->hint("").empty());
}

TEST_CASE("rpc/method_table: reports what a reload changed") {
  const auto before = table(R"([{"method":"same"},{"method":"gone"},
      {"method":"p","params":{"a":1}},{"method":"m","metadata":{"authenticated":true}}])");
  const auto after = table(R"([{"method":"new"},{"method":"same","file":"moved.lua"},
      {"method":"p","params":{"a":2},"kind":"async"},
      {"method":"m","metadata":{"authenticated":false}}])");
  const auto changes = diff(*before, *after);
  CHECK(changes.added == std::vector<std::string>{"new"});
  CHECK(changes.removed == std::vector<std::string>{"gone"});
  REQUIRE(changes.changed.size() == 2);
  CHECK(changes.changed[0].name == "m");
  CHECK(changes.changed[0].what == std::vector<std::string>{"permission", "metadata"});
  CHECK(changes.changed[1].what == std::vector<std::string>{"kind", "params"});
  CHECK(diff(*after, *after).empty());
}

TEST_CASE("rpc/method_table: each key that decides who may call is a permission") {
  for (const std::string key : {"authenticated", "login", "admin", "local", "get_session"}) {
    const auto before = table(R"([{"method":"m","metadata":{}}])");
    const auto after = table(R"([{"method":"m","metadata":{")" + key + R"(":true}}])");
    const auto changed = diff(*before, *after).changed;
    REQUIRE(changed.size() == 1);
    const bool permission = changed[0].what.front() == "permission";
    INFO(key);
    CHECK(permission == (key != "get_session"));
  }
}
