#include "rpc/spacedrive.hh"

#include "json/reader.hh"
#include "json/writer.hh"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace engine::rpc {
namespace {

struct Tag {
  std::string_view name;
  Verb verb;
  bool unit;  ///< without fields
};
constexpr std::array kTags = {Tag{"Ping", Verb::ping, true},
                              Tag{"Query", Verb::query, false},
                              Tag{"Action", Verb::action, false},
                              Tag{"Subscribe", Verb::subscribe, false},
                              Tag{"Unsubscribe", Verb::unsubscribe, true},
                              Tag{"SubscribeLogs", Verb::subscribe_logs, false},
                              Tag{"UnsubscribeLogs", Verb::unsubscribe_logs, true},
                              Tag{"Shutdown", Verb::shutdown, true}};

tl::unexpected<Error> invalid(std::string message) {
  return fail(Errc::invalid_request, std::move(message));
}

const Tag* find_tag(std::string_view name) {
  const auto* found = std::ranges::find(kTags, name, &Tag::name);
  return found == kTags.end() ? nullptr : found;
}

/// Bincode bytes arrive as an array of numbers.
Result<json::Value> params_of(const json::Value& fields) {
  const json::Value* payload = fields.find("payload");
  if (payload == nullptr || payload->is_null()) return json::Value(json::Object{});
  if (payload->is_object()) return *payload;
  return fail(Error{.code = Errc::deserialization,
                    .message = "`payload` must be a JSON object",
                    .hint = "bincode bytes are not understood here; send JSON"});
}

Result<> read_operation(const Tag& tag, const json::Value& fields, Incoming& out) {
  const json::Value* method = fields.find("method");
  if (method == nullptr || !method->is_string()) {
    return invalid(fmt::format("`{}.method` must be a string", tag.name));
  }
  TRY_ASSIGN(const json::Value params, params_of(fields));
  const bool query = tag.verb == Verb::query;
  out.requests.push_back({.method = out.texts.emplace_back(*method->string()),
                          .params = out.texts.emplace_back(json::write(params)),
                          .verb = tag.verb,
                          .required = query ? CallClass::query : CallClass::action,
                          .allow_latest = true});
  return {};
}

/// `resource_type` is `resourceType` here, `job_id` is `job`.
std::string filter_name(std::string_view name) {
  if (name == "job_id") return "job";
  std::string camel;
  bool upper = false;
  for (const char letter : name) {
    const bool small = letter >= 'a' && letter <= 'z';
    if (letter != '_') camel += upper && small ? static_cast<char>(letter - 'a' + 'A') : letter;
    upper = letter == '_';
  }
  return camel;
}

/// A subscription as params of `event.subscribe`.
Result<> read_subscription(const Tag& tag, const json::Value& fields, Incoming& out) {
  json::Value params = json::Object{};
  if (const json::Value* filter = fields.find("filter"); filter != nullptr && !filter->is_null()) {
    if (!filter->is_object()) {
      return invalid(fmt::format("`{}.filter` must be an object", tag.name));
    }
    for (const auto& [name, value] : *filter->object()) {
      if (!value.is_null()) params[filter_name(name)] = value;
    }
  }
  if (tag.verb == Verb::subscribe_logs) {
    params["channel"] = "logs";
  } else if (const json::Value* types = fields.find("event_types"); types != nullptr) {
    if (!types->is_array()) return invalid("`Subscribe.event_types` must be a list of names");
    if (!types->array()->empty()) params["type"] = *types;
  }
  out.requests.push_back({.method = "event.subscribe",
                          .params = out.texts.emplace_back(json::write(params)),
                          .verb = tag.verb});
  return {};
}

Result<> read_unit(const Tag& tag, Incoming& out) {
  Request request;
  request.verb = tag.verb;
  if (tag.verb == Verb::ping) request.method = "query:daemon.ping.v1";
  if (tag.verb == Verb::shutdown) request.method = "action:daemon.shutdown.input.v1";
  out.requests.push_back(request);
  return {};
}

Result<> read_tag(const std::string& name, const json::Value& fields, Incoming& out) {
  const Tag* tag = find_tag(name);
  if (tag == nullptr) return invalid(fmt::format("there is no request '{}'", name));
  out.failure_verb = tag->verb;
  const bool bare = fields.is_null();
  if (tag->unit) {
    return bare ? read_unit(*tag, out) : invalid(fmt::format("`{}` takes no fields", name));
  }
  if (bare && tag->verb != Verb::subscribe_logs && tag->verb != Verb::subscribe) {
    return invalid(fmt::format("`{}` needs its fields", name));
  }
  if (!bare && !fields.is_object()) return invalid(fmt::format("`{}` must be an object", name));
  if (tag->verb == Verb::query || tag->verb == Verb::action) {
    return read_operation(*tag, fields, out);
  }
  return read_subscription(*tag, fields, out);
}

std::string_view error_variant(Errc code) {
  switch (code) {
    case Errc::request_too_large:
      return "RequestTooLarge";
    case Errc::parse_error:
    case Errc::invalid_request:
      return "InvalidRequest";
    case Errc::serialization:
      return "SerializationError";
    case Errc::deserialization:
      return "DeserializationError";
    case Errc::method_not_found:
      return "HandlerNotFound";
    case Errc::uninitialized:
    case Errc::shutting_down:
      return "CoreUnavailable";
    case Errc::invalid_params:
      return "ValidationError";
    case Errc::authorization:
    case Errc::permission_denied:
      return "SecurityError";
    case Errc::internal:
      return "InternalError";
    default:
      return "OperationFailed";
  }
}

}  // namespace

Result<> read_spacedrive(std::string_view line, Incoming& out) {
  TRY_ASSIGN(const json::Value document, json::parse(line));
  if (const std::string* name = document.string()) return read_tag(*name, json::Value(), out);
  const auto& [name, fields] = *document.object()->begin();
  return read_tag(name, fields, out);
}

void encode_spacedrive_result(std::string& out, const AnswerForm& form, std::string_view result) {
  switch (form.verb) {
    case Verb::ping:
      out += R"("Pong")";
      return;
    case Verb::subscribe:
      out += R"("Subscribed")";
      return;
    case Verb::unsubscribe:
      out += R"("Unsubscribed")";
      return;
    case Verb::subscribe_logs:
      out += R"("LogsSubscribed")";
      return;
    case Verb::unsubscribe_logs:
      out += R"("LogsUnsubscribed")";
      return;
    case Verb::shutdown:
      out += R"({"Ok":[]})";
      return;
    default:
      out += R"({"JsonOk":)";
      out += result;
      out += '}';
  }
}

void encode_spacedrive_error(std::string& out, const Error& error) {
  json::Writer writer(out);
  writer.start_object();
  writer.key("Error");
  writer.start_object();
  writer.key(error_variant(error.code));
  writer.string(error.message.empty() ? errc_info(error.code).label : error.message);
  writer.end_object();
  writer.end_object();
}

std::string spacedrive_push(std::string_view line) {
  const auto document = json::parse(line);
  if (!document || document->string_or("method", "") != "event") return {};
  const json::Value* params = document->find("params");
  const json::Value* event = params == nullptr ? nullptr : params->find("event");
  if (event == nullptr) return {};
  const std::string_view tag = event->string_or("type", "") == "log" ? "LogMessage" : "Event";
  json::Value wrapped;
  wrapped[tag] = *event;
  return json::write(wrapped);
}

}  // namespace engine::rpc
