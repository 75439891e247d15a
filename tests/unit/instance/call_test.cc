#include "instance/call.hh"

#include "line_server.hh"
#include "support/temp_dir.hh"
#include <catch2/catch.hpp>

using engine::Errc;
using engine::Milliseconds;
using engine::instance::call;
using engine::instance::presence;
using engine::instance::Presence;
using engine::test::LineServer;

namespace {

constexpr Milliseconds kSoon{2'000};

engine::Result<engine::json::Value> call_server(std::string answer) {
  const engine::test::TempDir root;
  const LineServer server(root.path() / "s", std::move(answer));
  return call(root.path() / "s", "server.info", engine::json::Object{}, kSoon);
}

}  // namespace

TEST_CASE("instance/call: gives the result of one call") {
  const auto result = call_server("{\"jsonrpc\":\"2.0\",\"result\":{\"pid\":7},\"id\":1}\n");
  REQUIRE(result);
  CHECK(result->integer_or("pid", 0) == 7);
}

TEST_CASE("instance/call: an error keeps kind, words and hint") {
  const auto result = call_server(
      R"({"id":1,"error":{"code":72,"message":"Lxc","data":{"kind":"lxc","details":"no bridge","hint":"make one"}}})"
      "\n");
  REQUIRE_FALSE(result);
  CHECK(result.error().code == Errc::lxc);
  CHECK(result.error().message == "no bridge");
  CHECK(result.error().hint == "make one");
  CHECK(call_server("{\"id\":1,\"error\":{\"code\":-32601,\"message\":\"Method not found\"}}\n")
            .error()
            .code == Errc::method_not_found);
}

TEST_CASE("instance/call: an answer that is none is an error, not a crash") {
  CHECK(call_server("{nonsense\n").error().code == Errc::parse_error);
  CHECK(call_server("no line end").error().code == Errc::connection_lost);
  CHECK(call_server("[]\n"));
}

TEST_CASE("instance/call: tells nobody there from nobody answering") {
  const engine::test::TempDir root;
  const auto socket = root.path() / "s";
  CHECK(call(socket, "echo", {}, kSoon).error().code == Errc::daemon_not_running);
  {
    const LineServer silent(socket, "");
    CHECK(call(socket, "echo", {}, Milliseconds(20)).error().code == Errc::timeout);
    CHECK(presence(socket, Milliseconds(20)) == Presence::absent);
  }
  // The socket's file is left over, nobody listens.
  CHECK(call(socket, "echo", {}, kSoon).error().code == Errc::daemon_not_running);
}

TEST_CASE("instance/call: an error is an answer too, but not of a daemon that is starting") {
  const engine::test::TempDir root;
  {
    const LineServer server(root.path() / "s", "{\"id\":1,\"error\":{\"code\":-32601}}\n");
    CHECK(presence(root.path() / "s", kSoon) == Presence::serving);
  }
  const LineServer server(root.path() / "t", "{\"id\":1,\"error\":{\"code\":40}}\n");
  CHECK(presence(root.path() / "t", kSoon) == Presence::starting);
}
