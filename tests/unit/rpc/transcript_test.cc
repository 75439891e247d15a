// The examples of the reference (section 2.8), answered by the smallest possible dispatcher.
#include "json/writer.hh"
#include "rpc/encode.hh"
#include "rpc/method_table.hh"
#include "rpc/request.hh"

#include <catch2/catch.hpp>

#include <string>

namespace rpc = engine::rpc;
using engine::Errc;
using engine::Error;

namespace {

void answer_one(const rpc::MethodTable& table, const rpc::Request& request, std::string& out) {
  if (table.find(request.method) == nullptr) {
    rpc::encode_error(out, request.id, Error{.code = Errc::method_not_found});
    return;
  }
  const auto params = engine::json::parse(request.params);
  const auto* message = params->find("message");
  if (message == nullptr) {
    rpc::encode_error(
        out, request.id, Error{.code = Errc::invalid_params, .message = "message: is required"});
  } else {
    rpc::encode_result(out, request.id, engine::json::write(*message));
  }
}

std::string answer(std::string_view line) {
  static const auto table = *rpc::MethodTable::build(R"([{"method":"echo"}])");
  rpc::Incoming incoming;
  rpc::decode(line, incoming);
  std::string out;
  if (!incoming.status) {
    rpc::encode_error(out, "null", incoming.status.error());
    return out;
  }
  if (incoming.batch) out += '[';
  for (const rpc::Request& request : incoming.requests) {
    if (out.size() > 1) out += ',';
    answer_one(*table, request, out);
  }
  if (incoming.batch) out += ']';
  return out;
}

}  // namespace

TEST_CASE("rpc/transcript: the examples of the reference") {
  CHECK(answer(R"({"id":0,"method":"echo","params":{"message":"hi"}})") ==
        R"({"jsonrpc":"2.0","result":"hi","id":0})");
  CHECK(answer(R"({"id":"x","method":"nope","params":{}})") ==
        R"({"jsonrpc":"2.0","error":{"code":-32601,"message":"Method not found"},"id":"x"})");
  CHECK(answer(R"({"method":"echo","params":{"message":"no id"}})") ==
        R"({"jsonrpc":"2.0","result":"no id","id":null})");
  CHECK(answer(R"([{"id":1,"method":"echo","params":{"message":"a"}},)"
               R"({"id":2,"method":"echo","params":{}}])") ==
        R"([{"jsonrpc":"2.0","result":"a","id":1},)"
        R"({"jsonrpc":"2.0","error":{"code":-32602,"message":"Invalid params","data":)"
        R"({"kind":"invalid_params","details":"message: is required"}},"id":2}])");
  CHECK(answer("[]") == "[]");
}

TEST_CASE("rpc/transcript: bad input") {
  const auto refused = [](std::string_view code_and_message, std::string_view data) {
    return std::string("{\"jsonrpc\":\"2.0\",\"error\":{").append(code_and_message) +
           ",\"data\":{" + std::string(data) + "}},\"id\":null}";
  };
  const std::string no_json =
      refused("\"code\":-32700,\"message\":\"Parse error\"",
              "\"kind\":\"parse_error\","
              "\"details\":\"Missing a name for object member. (at byte 1)\"");
  CHECK(answer("{") == no_json);
  const std::string no_method =
      refused("\"code\":-32600,\"message\":\"Invalid Request\"",
              "\"kind\":\"invalid_request\",\"details\":\"`method` is missing\"");
  CHECK(answer(R"({"id":1,"params":{}})") == no_method);
  const std::string too_deep =
      refused("\"code\":-32600,\"message\":\"Invalid Request\"",
              "\"kind\":\"request_too_large\",\"details\":\"nested deeper than 192 levels\"");
  CHECK(answer(std::string(300, '[')) == too_deep);
}

TEST_CASE("rpc/transcript: an error carries hint, info and correlation id, never debug") {
  std::string out;
  rpc::encode_error(out,
                    "1",
                    Error{.code = Errc::internal,
                          .message = "d",
                          .hint = "h",
                          .info = "[1]",
                          .debug = "secret traceback"},
                    {.label = "L", .correlation_id = "c-1"});
  CHECK(out == R"({"jsonrpc":"2.0","error":{"code":-32603,"message":"L","data":{"kind":"internal",)"
               R"("details":"d","hint":"h","info":[1],"correlationId":"c-1"}},"id":1})");
}
