#include "rpc/xrat.hh"

#include "json/writer.hh"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace engine::rpc {
namespace {

/// One of the supervisor's request kinds.
struct XratKind {
  std::string_view name;
  std::string_view method;
  Verb verb;
  bool action;
};
constexpr std::array kKinds = {
    XratKind{"daemon_ping", "query:daemon.ping.v1", Verb::xrat_ping, false},
    XratKind{"daemon_shutdown", "action:daemon.shutdown.input.v1", Verb::xrat_shutdown, true},
    XratKind{"runtime_status", "query:runtime.status.v1", Verb::xrat_kind, false},
    XratKind{"runtime_connect", "action:runtime.connect.input.v1", Verb::xrat_kind, true},
    XratKind{"runtime_replace", "action:runtime.replace.input.v1", Verb::xrat_kind, true},
    XratKind{"runtime_disconnect", "action:runtime.disconnect.input.v1", Verb::xrat_kind, true},
    XratKind{"proxy_start", "action:rotation.enable.input.v1", Verb::xrat_kind, true},
    XratKind{"proxy_status", "query:rotation.status.v1", Verb::xrat_kind, false},
    XratKind{"proxy_stop", "action:rotation.disable.input.v1", Verb::xrat_kind, true}};
constexpr std::array<std::string_view, 3> kTriggers = {"manual", "timer", "health_check_failed"};

tl::unexpected<Error> invalid(std::string message) {
  return fail(Errc::invalid_request, std::move(message));
}

/// `RuntimeStatus` and `runtime_status` are the same.
std::string to_snake_case(std::string_view name) {
  std::string snake;
  for (const char letter : name) {
    const bool upper = letter >= 'A' && letter <= 'Z';
    if (upper && !snake.empty()) snake += '_';
    snake += upper ? static_cast<char>(letter - 'A' + 'a') : letter;
  }
  return snake;
}

/// `1`, or `1 to 3`.
std::string range_text(std::int64_t lowest, std::int64_t highest) {
  if (lowest == highest) return std::to_string(lowest);
  return fmt::format("{} to {}", lowest, highest);
}

Result<> check_version(const Slice& slice) {
  if (slice.kind == Kind::absent || slice.kind == Kind::null) return {};
  TRY_ASSIGN(const json::Value version, json::parse(slice.text));
  const std::int64_t* number = version.integer();
  if (number == nullptr) return invalid("`protocol_version` must be a whole number");
  TRY(choose_protocol(*number, *number));
  return {};
}

Result<std::int64_t> integer_input(const json::Value& request, std::string_view name) {
  const json::Value* value = request.find(name);
  if (value == nullptr || value->integer() == nullptr) {
    return invalid(fmt::format("`request.{}` must be a whole number", name));
  }
  return *value->integer();
}

/// The inputs of a kind as params of its method.
Result<json::Value> inputs(std::string_view kind, const json::Value& request) {
  json::Value params = json::Object{};
  if (kind == "runtime_connect") {
    TRY_ASSIGN(params["candidate"], integer_input(request, "config_id"));
  }
  if (kind != "runtime_replace") return params;
  const std::string trigger = to_snake_case(request.string_or("trigger", ""));
  if (std::ranges::find(kTriggers, trigger) == kTriggers.end()) {
    return invalid("`request.trigger` must be manual, timer or health_check_failed");
  }
  params["trigger"] = trigger;
  const json::Value* candidate = request.find("candidate_id");
  if (candidate != nullptr && !candidate->is_null()) {
    TRY_ASSIGN(params["candidate_id"], integer_input(request, "candidate_id"));
  }
  return params;
}

Result<> read_typed(const Slice& slice, Incoming& out) {
  json::Value request;
  if (slice.kind == Kind::string) {
    std::string storage;
    request["type"] = unquote(slice.text, storage);
  } else {
    TRY_ASSIGN(request, json::parse(slice.text));
  }
  const json::Value* type = request.is_object() ? request.find("type") : nullptr;
  if (type == nullptr || !type->is_string()) {
    return invalid("`request` must be an object with `type`, such as {\"type\":\"daemon_ping\"}");
  }
  const std::string name = to_snake_case(*type->string());
  const auto* kind = std::ranges::find(kKinds, name, &XratKind::name);
  if (kind == kKinds.end()) {
    return fail(Errc::method_not_found, fmt::format("no request is of type '{}'", *type->string()));
  }
  TRY_ASSIGN(const json::Value params, inputs(name, request));
  out.requests.push_back({.method = kind->method,
                          .params = out.texts.emplace_back(json::write(params)),
                          .verb = kind->verb,
                          .required = kind->action ? CallClass::action : CallClass::query});
  return {};
}

}  // namespace

Result<std::int64_t> choose_protocol(std::int64_t lowest, std::int64_t highest) {
  if (lowest > highest) {
    return fail(
        Errc::invalid_params,
        fmt::format("the lowest protocol version, {}, is above the highest, {}", lowest, highest));
  }
  if (lowest <= kHighestXrat && highest >= kLowestXrat) return std::min(highest, kHighestXrat);
  return fail(Error{.code = Errc::protocol_unsupported,
                    .message = fmt::format("protocol version{} {} {} not spoken here, only {}",
                                           lowest == highest ? "" : "s",
                                           range_text(lowest, highest),
                                           lowest == highest ? "is" : "are",
                                           range_text(kLowestXrat, kHighestXrat)),
                    .info = fmt::format(R"({{"min":{},"max":{}}})", kLowestXrat, kHighestXrat)});
}

Result<> read_xrat(const Envelope& envelope, Incoming& out) {
  const Slice& request = envelope[Member::request];
  const Slice& id = envelope[Member::id];
  out.failure_verb = request.kind == Kind::absent ? Verb::call : Verb::xrat_kind;
  if (id.kind == Kind::string || id.kind == Kind::number) out.failure_id = id.text;
  TRY(check_version(envelope[Member::protocol_version]));
  if (request.kind != Kind::absent) return read_typed(request, out);
  TRY(read_call(envelope, out));
  Request& call = out.requests.back();
  TRY_ASSIGN(call.instance, read_text(envelope[Member::instance], "instance", out));
  call.allow_latest = envelope[Member::allow_latest].text == "true";
  return {};
}

namespace {

void begin(json::Writer& writer, const AnswerForm& form, FiveCode code, std::string_view message) {
  writer.start_object();
  writer.key("protocol_version");
  writer.integer(kLowestXrat);
  if (form.verb == Verb::call) {
    writer.key("id");
    writer.raw(form.id);
  }
  writer.key("ok");
  writer.boolean(code == FiveCode::ok);
  writer.key("code");
  writer.string(five_code_name(code));
  writer.key("message");
  writer.string(message);
}

/// REQ-33.
void write_error(json::Writer& writer, const Error& error) {
  const ErrcInfo& info = errc_info(error.code);
  const auto wait = retry_after_ms(error);
  writer.start_object();
  writer.key("kind");
  writer.string(info.kind);
  writer.key("message");
  writer.string(error.message.empty() ? info.label : error.message);
  if (!error.hint.empty()) {
    writer.key("hint");
    writer.string(error.hint);
  }
  writer.key("retryable");
  writer.boolean(wait.has_value());
  if (wait) {
    writer.key("retry_after_ms");
    writer.integer(*wait);
  }
  if (!error.info.empty()) {
    writer.key("data");
    writer.raw(error.info);
  }
  writer.end_object();
}

}  // namespace

void encode_xrat_result(std::string& out, const AnswerForm& form, std::string_view result) {
  json::Writer writer(out);
  begin(writer, form, FiveCode::ok, "ok");
  writer.key("payload");
  switch (form.verb) {
    case Verb::xrat_ping:
      writer.raw(R"({"daemon_ready":true})");
      break;
    case Verb::xrat_shutdown:
      writer.raw(R"({"daemon_ready":false,"runtime_disconnected":false})");
      break;
    default:
      writer.raw(result);
  }
  if (form.deprecated) {
    writer.key("warnings");
    writer.raw(R"(["deprecated"])");
  }
  writer.end_object();
}

void encode_xrat_error(std::string& out, const AnswerForm& form, const Error& error) {
  const ErrcInfo& info = errc_info(error.code);
  json::Writer writer(out);
  begin(writer, form, info.five, error.message.empty() ? info.label : error.message);
  writer.key("error");
  write_error(writer, error);
  writer.end_object();
}

std::string xrat_push(std::string_view line) {
  const auto notice = json::parse(line);
  const json::Value* params = notice ? notice->find("params") : nullptr;
  if (params == nullptr) return {};
  const std::string kind = notice->string_or("method", "");
  json::Value told;
  if (const json::Value* event = params->find("event"); event != nullptr && kind == "event") {
    told = *event;
  } else if (kind == "lagged" || kind == "end") {
    told["dropped"] = params->integer_or("dropped", 0);
    told["from_seq"] = params->integer_or("fromSeq", 0);
    told["to_seq"] = params->integer_or("toSeq", 0);
    if (kind == "end") told["reason"] = params->string_or("reason", "");
  } else {
    return {};
  }
  return fmt::format(R"({{"protocol_version":{},"sub":{},"seq":{},"{}":{}}})",
                     kLowestXrat,
                     params->integer_or("sub", 0),
                     params->integer_or(kind == "event" ? "seq" : "toSeq", 0),
                     kind,
                     json::write(told));
}

}  // namespace engine::rpc
