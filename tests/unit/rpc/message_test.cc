#include "rpc/message.hh"

#include "rpc/encode.hh"

#include <catch2/catch.hpp>

using engine::Errc;
using engine::Error;
using engine::rpc::decode_message;
using engine::rpc::Message;

TEST_CASE("rpc/message: reads a result as it is written") {
  Message message;
  REQUIRE(decode_message(R"({"jsonrpc":"2.0","result": {"b":1,"a":null} ,"id":3})", message));
  CHECK(message.kind == Message::Kind::result);
  CHECK(message.result == R"({"b":1,"a":null})");
  CHECK(message.id == "3");
  REQUIRE(decode_message(R"({"jsonrpc":"2.0","result":null,"id":"x"})", message));
  CHECK(message.result == "null");
}

TEST_CASE("rpc/message: an error survives the way over the wire") {
  const Error sent{.code = Errc::not_found,
                   .message = "no package \"x\"",
                   .hint = "install it",
                   .info = R"({"id":["x"]})"};
  std::string line;
  engine::rpc::encode_error(line, "7", sent, {.label = "Nicht gefunden"});
  Message message;
  REQUIRE(decode_message(line, message));
  CHECK(message.kind == Message::Kind::error);
  CHECK(message.id == "7");
  CHECK(message.number == 6);
  CHECK(message.error.code == sent.code);
  CHECK(message.error.message == sent.message);
  CHECK(message.error.hint == sent.hint);
  CHECK(message.error.info == sent.info);
}

TEST_CASE("rpc/message: what is busy says when to come back, whoever wrote the error") {
  const auto info_of = [](const Error& sent) {
    std::string line;
    engine::rpc::encode_error(line, "1", sent);
    Message message;
    REQUIRE(decode_message(line, message));
    return message.error.info;
  };
  CHECK(info_of({.code = Errc::busy, .message = "m"}) == R"({"retryAfterMs":1000})");
  CHECK(info_of({.code = Errc::shutting_down, .message = "m", .info = R"({"a":1})"}) ==
        R"({"a":1,"retryAfterMs":1000})");
  CHECK(info_of({.code = Errc::rate_limited, .info = R"({"retryAfterMs":20})"}) ==
        R"({"retryAfterMs":20})");
  CHECK(info_of({.code = Errc::busy, .info = "[1]"}) == "[1]");
  CHECK(info_of({.code = Errc::conflict, .message = "m"}).empty());
}

TEST_CASE("rpc/message: keeps kinds apart that share a number") {
  for (const engine::ErrcInfo& row : engine::errc_table()) {
    if (row.code == Errc::unknown) continue;
    std::string line;
    engine::rpc::encode_error(line, "1", Error{.code = row.code, .message = "m"});
    Message message;
    REQUIRE(decode_message(line, message));
    CHECK(message.error.code == row.code);
  }
}

TEST_CASE("rpc/message: makes a kind from the number of a foreign server") {
  Message message;
  REQUIRE(
      decode_message(R"({"error":{"code":-32601,"message":"Method not found"},"id":1})", message));
  CHECK(message.error.code == Errc::method_not_found);
  CHECK(message.error.message == "Method not found");
  REQUIRE(
      decode_message(R"({"error":{"code":71,"message":"T","data":"too slow"},"id":1})", message));
  CHECK(message.error.code == Errc::timeout);
  CHECK(message.error.message == "too slow");
}

TEST_CASE("rpc/message: reads notifications") {
  Message message;
  REQUIRE(decode_message(R"({"jsonrpc":"2.0","method":"event","params":{"sub":1}})", message));
  CHECK(message.kind == Message::Kind::notification);
  CHECK(message.method == "event");
  CHECK(message.params == R"({"sub":1})");
}

TEST_CASE("rpc/message: refuses what is neither response nor notification") {
  Message message;
  for (const char* line : {"",
                           "[]",
                           "1",
                           "{}",
                           R"({"id":1})",
                           R"({"result":1,"error":{},"id":1})",
                           R"({"error":1})"}) {
    INFO(line);
    const auto result = decode_message(line, message);
    REQUIRE_FALSE(result);
    CHECK(result.error().code == Errc::deserialization);
  }
}
