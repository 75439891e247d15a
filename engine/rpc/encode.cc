#include "rpc/encode.hh"

#include "json/writer.hh"

namespace engine::rpc {
namespace {

void write_data(json::Writer& writer, const Error& error, const ErrorText& text) {
  writer.start_object();
  writer.key("kind");
  writer.string(errc_info(error.code).kind);
  writer.key("details");
  writer.string(error.message);
  if (!error.hint.empty()) {
    writer.key("hint");
    writer.string(error.hint);
  }
  if (!error.info.empty()) {
    writer.key("info");
    writer.raw(error.info);
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

void begin_result(std::string& out) {
  out += R"({"jsonrpc":"2.0","result":)";
}

void end_result(std::string& out, std::string_view id) {
  out += R"(,"id":)";
  out += id;
  out += '}';
}

void encode_result(std::string& out, std::string_view id, std::string_view result) {
  begin_result(out);
  out += result;
  end_result(out, id);
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
