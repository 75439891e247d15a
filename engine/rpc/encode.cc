#include "rpc/encode.hh"

#include "json/reader.hh"
#include "json/writer.hh"

namespace engine::rpc {
namespace {

constexpr const char* kRetryKey = "retryAfterMs";
constexpr std::int64_t kRetryAfterMs = 1'000;

/// With the time to come back in it, where there is one.
std::string info_of(const Error& error) {
  const auto wait = retry_after_ms(error);
  if (!wait) return error.info;
  auto info = error.info.empty() ? Result<json::Value>(json::Object{}) : json::parse(error.info);
  if (!info || !info->is_object()) return error.info;
  (*info)[kRetryKey] = *wait;
  return json::write(*info);
}

void write_data(json::Writer& writer, const Error& error, const ErrorText& text) {
  writer.start_object();
  writer.key("kind");
  writer.string(errc_info(error.code).kind);
  if (!error.message.empty()) {
    writer.key("details");
    writer.string(error.message);
  }
  if (!error.hint.empty()) {
    writer.key("hint");
    writer.string(error.hint);
  }
  if (const std::string info = info_of(error); !info.empty()) {
    writer.key("info");
    writer.raw(info);
  }
  if (!text.correlation_id.empty()) {
    writer.key("correlationId");
    writer.string(text.correlation_id);
  }
  writer.end_object();
}

bool has_data(const Error& error, const ErrorText& text) {
  return error.code != Errc::method_not_found || !error.message.empty() || !error.hint.empty() ||
         !error.info.empty() || !text.correlation_id.empty();
}

}  // namespace

std::optional<std::int64_t> retry_after_ms(const Error& error) {
  if (errc_info(error.code).five != FiveCode::busy) return std::nullopt;
  const auto info = json::parse(error.info.empty() ? "{}" : std::string_view(error.info));
  return info ? info->integer_or(kRetryKey, kRetryAfterMs) : kRetryAfterMs;
}

void encode_result(std::string& out, std::string_view id, std::string_view result) {
  out += R"({"jsonrpc":"2.0","result":)";
  out += result;
  out += R"(,"id":)";
  out += id;
  out += '}';
}

void encode_error(std::string& out,
                  std::string_view id,
                  const Error& error,
                  const ErrorText& text) {
  const ErrcInfo& info = errc_info(error.code);
  json::Writer writer(out);
  writer.start_object();
  writer.key("jsonrpc");
  writer.string("2.0");
  writer.key("error");
  writer.start_object();
  writer.key("code");
  writer.integer(info.number);
  writer.key("message");
  writer.string(text.label.empty() ? info.label : text.label);
  if (has_data(error, text)) {
    writer.key("data");
    write_data(writer, error, text);
  }
  writer.end_object();
  writer.key("id");
  writer.raw(id);
  writer.end_object();
}

void encode_request(std::string& out,
                    std::string_view method,
                    std::string_view params,
                    std::string_view id) {
  json::Writer writer(out);
  writer.start_object();
  writer.key("jsonrpc");
  writer.string("2.0");
  writer.key("method");
  writer.string(method);
  writer.key("params");
  writer.raw(params);
  if (!id.empty()) {
    writer.key("id");
    writer.raw(id);
  }
  writer.end_object();
}

}  // namespace engine::rpc
