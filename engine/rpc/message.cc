#include "rpc/message.hh"

#include "json/writer.hh"

namespace engine::rpc {
namespace {

Errc error_kind(const json::Value* data, int number) {
  if (data != nullptr) {
    const std::string kind = data->string_or("kind", "");
    if (const Errc known = errc_from_kind(kind); known != Errc::unknown) return known;
  }
  return errc_from_number(number);
}

/// The error object of a response as an Error.
Result<> read_error(std::string_view text, Message& out) {
  TRY_ASSIGN(const json::Value object, json::parse(text));
  if (!object.is_object()) return fail(Errc::deserialization, "`error` is not an object");
  const json::Value* data = object.find("data");
  out.number = static_cast<int>(object.integer_or("code", 0));
  out.error = Error{.code = error_kind(data, out.number),
                    .message = object.string_or("message", "the server gave no message")};
  if (data == nullptr) return {};
  if (const std::string* details = data->string()) {
    out.error.message = *details;
    out.error.debug = *details;
    return {};
  }
  const std::string details = data->string_or("details", "");
  if (!details.empty()) out.error.message = details;
  out.error.hint = data->string_or("hint", "");
  out.error.debug = data->string_or("debug", "");
  if (const json::Value* info = data->find("info"); info != nullptr && !info->is_null()) {
    out.error.info = json::write(*info);
  }
  if (const std::string id = data->string_or("correlationId", ""); !id.empty()) {
    out.error.debug = "correlation id " + id;
  }
  return {};
}

Result<> read_message(const Envelope& envelope, Message& out) {
  const Slice& method = envelope[Member::method];
  const Slice& result = envelope[Member::result];
  const Slice& error = envelope[Member::error];
  if (method.kind == Kind::string) {
    out.kind = Message::Kind::notification;
    out.method = unquote(method.text, out.unquoted);
    const Slice& params = envelope[Member::params];
    out.params = params.kind == Kind::absent || params.kind == Kind::null ? "{}" : params.text;
    return {};
  }
  if ((result.kind == Kind::absent) == (error.kind == Kind::absent)) {
    return fail(Errc::deserialization, "a response must have either `result` or `error`");
  }
  const Slice& id = envelope[Member::id];
  out.id = id.kind == Kind::absent ? "null" : id.text;
  if (result.kind != Kind::absent) {
    out.kind = Message::Kind::result;
    out.result = result.text;
    return {};
  }
  out.kind = Message::Kind::error;
  return read_error(error.text, out);
}

}  // namespace

Result<> decode_message(std::string_view line, Message& out) {
  if (Result<> sliced = slice_envelopes(line, json::kMaxDepth, out.envelopes); !sliced) {
    return fail(Errc::deserialization, "not a response: " + sliced.error().message);
  }
  if (out.envelopes.root != Kind::object) {
    return fail(Errc::deserialization, "not a response: not an object");
  }
  return read_message(out.envelopes.items.front(), out);
}

}  // namespace engine::rpc
