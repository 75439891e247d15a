// The golden transcripts of the foreign protocols, answered by the smallest possible dispatcher.
#include "json/writer.hh"
#include "rpc/answer.hh"
#include "rpc/method_table.hh"
#include "rpc/params.hh"
#include "rpc/request.hh"
#include "rpc/spacedrive.hh"
#include "rpc/xrat.hh"

#include <catch2/catch.hpp>

#include <fstream>
#include <string>

namespace rpc = engine::rpc;
using engine::Errc;
using engine::Error;
using engine::Result;

namespace {

Result<std::string> run(const rpc::MethodTable& table, const rpc::Request& call) {
  const rpc::Method* method = table.find(call.method, call.allow_latest);
  const bool fits =
      method != nullptr && (call.required == rpc::CallClass::any ||
                            method->read_only == (call.required == rpc::CallClass::query));
  if (!fits) {
    return engine::fail(
        Error{.code = Errc::method_not_found, .message = {}, .hint = table.hint(call.method)});
  }
  if (!call.instance.empty() && call.instance != "default") {
    return engine::fail(Error{.code = Errc::not_found,
                              .message = "this is instance 'default', not 'other'",
                              .hint = "every instance has a socket of its own"});
  }
  if (const std::string member = rpc::reserved_member(call.params); !member.empty()) {
    return engine::fail(Errc::invalid_params,
                        "params: '" + member + "': names that begin with __ are not for callers");
  }
  const auto params = engine::json::parse(call.params);
  const auto* message = params->find("message");
  return message == nullptr ? std::string("null") : engine::json::write(*message);
}

std::string answer(std::string_view line) {
  static const auto table = *rpc::MethodTable::build(
      R"([{"method":"echo","read_only":true},{"method":"daemon.ping","read_only":true},)"
      R"({"method":"daemon.shutdown"}])");
  rpc::Incoming incoming;
  rpc::decode(line, incoming);
  std::string out;
  if (!incoming.status) {
    rpc::encode_failure(out, rpc::failure_form(incoming), incoming.status.error());
    return out;
  }
  const rpc::Request& call = incoming.requests.front();
  const rpc::AnswerForm form = rpc::answer_form(incoming, call);
  if (form.answers_itself()) {
    rpc::encode_answer(out, form, "null");
  } else if (const auto result = run(*table, call); result) {
    rpc::encode_answer(out, form, *result);
  } else {
    rpc::encode_failure(out, form, result.error());
  }
  return out;
}

void play(const std::string& name) {
  std::ifstream file(MOONBOX_SOURCE_DIR "/tests/data/transcripts/" + name);
  REQUIRE(file);
  std::string line;
  std::string sent;
  std::size_t exchanges = 0;
  while (std::getline(file, line)) {
    if (line.starts_with("> ")) sent = line.substr(2);
    if (!line.starts_with("< ")) continue;
    INFO("sent " << sent);
    CHECK(answer(sent) == line.substr(2));
    ++exchanges;
  }
  CHECK(exchanges > 15);
}

rpc::AnswerForm form_of(std::string_view line) {
  rpc::Incoming incoming;
  rpc::decode(line, incoming);
  REQUIRE(incoming.status);
  return rpc::answer_form(incoming, incoming.requests.front());
}

}  // namespace

TEST_CASE("rpc/xrat: the golden transcript") {
  play("xrat.txt");
}

TEST_CASE("rpc/xrat: the highest version both speak is chosen") {
  const auto lowest = rpc::kLowestXrat;
  const auto highest = rpc::kHighestXrat;
  CHECK(rpc::choose_protocol(lowest, lowest) == lowest);
  CHECK(rpc::choose_protocol(highest, highest) == highest);
  CHECK(rpc::choose_protocol(lowest - 1, highest + 1) == highest);
  CHECK(rpc::choose_protocol(highest, highest + 5) == highest);
  CHECK(rpc::choose_protocol(lowest - 5, lowest) == lowest);

  const auto above = rpc::choose_protocol(highest + 1, highest + 2);
  REQUIRE_FALSE(above);
  CHECK(above.error().code == Errc::protocol_unsupported);
  CHECK(above.error().message == "protocol versions 2 to 3 are not spoken here, only 1");
  CHECK(above.error().info == R"({"min":1,"max":1})");
  const auto below = rpc::choose_protocol(lowest - 1, lowest - 1);
  REQUIRE_FALSE(below);
  CHECK(below.error().message == "protocol version 0 is not spoken here, only 1");
  const auto reversed = rpc::choose_protocol(highest + 1, lowest);
  REQUIRE_FALSE(reversed);
  CHECK(reversed.error().code == Errc::invalid_params);
}

TEST_CASE("rpc/xrat: a deprecated method works and warns") {
  std::string out;
  rpc::AnswerForm form = form_of(R"({"protocol_version":1,"id":1,"method":"m"})");
  form.deprecated = true;
  rpc::encode_answer(out, form, "5");
  CHECK(out == R"({"protocol_version":1,"id":1,"ok":true,"code":"Ok","message":"ok","payload":5,)"
               R"("warnings":["deprecated"]})");
}

TEST_CASE("rpc/xrat: what is busy says when to come back") {
  std::string out;
  rpc::encode_failure(out,
                      form_of(R"({"protocol_version":1,"id":1,"method":"m"})"),
                      {.code = Errc::rate_limited, .message = "too many", .hint = "wait"});
  CHECK(out ==
        R"({"protocol_version":1,"id":1,"ok":false,"code":"Busy","message":"too many",)"
        R"("error":{"kind":"rate_limited","message":"too many","hint":"wait","retryable":true,)"
        R"("retry_after_ms":1000}})");
  out.clear();
  rpc::encode_failure(out,
                      form_of(R"({"protocol_version":1,"id":1,"method":"m"})"),
                      {.code = Errc::busy, .message = "full", .info = R"({"retryAfterMs":20})"});
  CHECK_THAT(out, Catch::Contains(R"("retry_after_ms":20,)"));
}

TEST_CASE("rpc/spacedrive: the golden transcript") {
  play("spacedrive.txt");
}

TEST_CASE("rpc/spacedrive: a connection ends with the answer, unless it subscribed") {
  CHECK(form_of(R"("Ping")").closes());
  CHECK(form_of(R"({"Query":{"method":"m"}})").closes());
  CHECK(form_of(R"("Unsubscribe")").closes());
  CHECK_FALSE(form_of(R"({"Subscribe":{"event_types":[]}})").closes());
  CHECK_FALSE(form_of(R"({"SubscribeLogs":{}})").closes());
  CHECK_FALSE(form_of(R"({"protocol_version":1,"request":{"type":"daemon_ping"}})").closes());
  CHECK_FALSE(form_of(R"({"id":1,"method":"m"})").closes());
}

TEST_CASE("rpc/spacedrive: a subscription asks for the types it names") {
  rpc::Incoming incoming;
  rpc::decode(
      R"({"Subscribe":{"event_types":["job"],"filter":{"job_id":"7","path_scope":"/a","x":null}}})",
      incoming);
  REQUIRE(incoming.status);
  CHECK(incoming.requests.front().method == "event.subscribe");
  CHECK(incoming.requests.front().params == R"({"job":"7","pathScope":"/a","type":["job"]})");
  rpc::decode(R"("SubscribeLogs")", incoming);
  REQUIRE(incoming.status);
  CHECK(incoming.requests.front().params == R"({"channel":"logs"})");
}

TEST_CASE("rpc/spacedrive: notifications become event lines, the log's its own") {
  CHECK(
      rpc::spacedrive_push(
          R"({"jsonrpc":"2.0","method":"event","params":{"sub":1,"seq":2,"event":{"type":"job"}}})") ==
      R"({"Event":{"type":"job"}})");
  CHECK(
      rpc::spacedrive_push(
          R"({"jsonrpc":"2.0","method":"event","params":{"sub":1,"seq":2,"event":{"type":"log"}}})") ==
      R"({"LogMessage":{"type":"log"}})");
  CHECK(rpc::spacedrive_push(R"({"jsonrpc":"2.0","method":"lagged","params":{}})").empty());
}

TEST_CASE("rpc/xrat: notifications become pushes of the envelope") {
  const auto push = [](std::string_view method, std::string_view params) {
    return rpc::xrat_push(R"({"jsonrpc":"2.0","method":")" + std::string(method) +
                          R"(","params":)" + std::string(params) + "}");
  };
  CHECK(push("event", R"({"sub":1,"seq":2,"event":{"type":"job"}})") ==
        R"({"protocol_version":1,"sub":1,"seq":2,"event":{"type":"job"}})");
  CHECK(push("lagged", R"({"sub":1,"dropped":3,"fromSeq":4,"toSeq":9})") ==
        R"({"protocol_version":1,"sub":1,"seq":9,"lagged":{"dropped":3,"from_seq":4,"to_seq":9}})");
  CHECK(push("end", R"({"sub":1,"reason":"lagged","dropped":3,"fromSeq":4,"toSeq":9})") ==
        R"({"protocol_version":1,"sub":1,"seq":9,)"
        R"("end":{"dropped":3,"from_seq":4,"reason":"lagged","to_seq":9}})");
  CHECK(push("other", "{}").empty());
}

TEST_CASE("rpc/method_table: versioned names are enforced") {
  const auto table = *rpc::MethodTable::build(
      R"([{"method":"db.put-v1","version":1,"deprecated":true},)"
      R"({"method":"db.put","version":2},{"method":"db.dump","read_only":true}])");
  const auto name_of = [&](std::string_view name, bool latest = false) -> std::string {
    const rpc::Method* method = table->find(name, latest);
    return method == nullptr ? "" : method->name;
  };
  CHECK(name_of("action:db.put.input.v2") == "db.put");
  CHECK(name_of("action:db.put.v2") == "db.put");
  CHECK(name_of("action:db.put.input.v1") == "db.put-v1");
  CHECK(table->find("action:db.put.input.v1")->deprecated);
  CHECK(name_of("query:db.dump.v1") == "db.dump");
  CHECK(name_of("db.put") == "db.put");
  CHECK(name_of("query:db.put.v2").empty());
  CHECK(name_of("action:db.dump.input.v1").empty());
  CHECK(name_of("query:db.dump.v2").empty());
  CHECK(name_of("query:db.dump").empty());
  CHECK(name_of("query:db.dump", true) == "db.dump");
  CHECK(name_of("action:db.put.input", true) == "db.put");
  CHECK(table->hint("query:db.put.v2") == "it is an action: 'action:db.put.input.v2'");
  CHECK(table->hint("query:db.dump.v7") == "its name is 'query:db.dump.v1'");
  CHECK(table->hint("db.dupm") == "did you mean 'db.dump'?");
  CHECK(table->hint("something.else").empty());
}

TEST_CASE("rpc/method_table: two methods with one versioned name are refused") {
  const auto table = rpc::MethodTable::build(R"([{"method":"a.b-v1"},{"method":"a.b"}])");
  REQUIRE_FALSE(table);
  CHECK(table.error().message.find("action:a.b.input.v1") != std::string::npos);
}

TEST_CASE("rpc/params: names that begin with two underscores are found, however written") {
  CHECK(rpc::reserved_member(R"({"a":1,"__Auth_session":2})") == "__Auth_session");
  CHECK(rpc::reserved_member(R"({"\u005f_x":2})") == "__x");
  CHECK(rpc::reserved_member(R"({"a":{"__x":1},"b":"__y"})").empty());
  CHECK(rpc::reserved_member(R"({"_x":1})").empty());
  CHECK(rpc::reserved_member("{}").empty());
}
