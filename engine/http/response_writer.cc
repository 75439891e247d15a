#include "http/response_writer.hh"

#include "base/log.hh"

#include "http/request_head.hh"

#include <array>
#include <charconv>

namespace engine::http {
namespace {

void append_number(std::string& out, std::uint64_t number) {
  std::array<char, 24> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number);
  out.append(digits.data(), end.ptr);
}

void append_header(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

bool is_harmless(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

bool is_ours(std::string_view name) {
  return equals_ignoring_case(name, "content-length") || equals_ignoring_case(name, "connection") ||
         equals_ignoring_case(name, "transfer-encoding") ||
         equals_ignoring_case(name, "content-type");
}

}  // namespace

void write_head(std::string& out, const Response& response, const Framing& framing) {
  if (response.status == 200) {
    out += "HTTP/1.1 200 OK\r\n";
  } else {
    out += "HTTP/1.1 ";
    append_number(out, response.status);
    out.append(" ").append(reason_phrase(response.status)).append("\r\n");
  }
  for (const auto& [name, value] : response.headers) {
    if (!name.empty() && is_harmless(name) && is_harmless(value) && !is_ours(name)) {
      append_header(out, name, value);
    } else {
      log::warn("http", "a response header was left out", {{"name", name}});
    }
  }
  out += response.fixed_headers;
  if (!response.content_type.empty() && is_harmless(response.content_type)) {
    append_header(out, "Content-Type", response.content_type);
  }
  if (framing.length) {
    out += "Content-Length: ";
    append_number(out, *framing.length);
    out += "\r\n";
  }
  if (framing.close) {
    out += "Connection: close\r\n";
  } else if (framing.keep_alive) {
    out += "Connection: keep-alive\r\n";
  }
  out += "\r\n";
}

bool is_bodyless(unsigned status) {
  return status < 200 || status == 204 || status == 304;
}

}  // namespace engine::http
