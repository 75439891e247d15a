#include "http/request_head.hh"

#include <boost/beast/http/basic_parser.hpp>

#include <algorithm>
#include <cstring>
#include <limits>

namespace engine::http {
namespace {

namespace beast = boost::beast;

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

std::string_view view(beast::string_view text) {
  return {text.data(), text.size()};
}

/// Whether the comma-separated list `value` holds `token` (given in lower case).
bool list_has(std::string_view value, std::string_view token) {
  while (!value.empty()) {
    std::string_view item = value.substr(0, value.find(','));
    value.remove_prefix(std::min(value.size(), item.size() + 1));
    while (!item.empty() && (item.front() == ' ' || item.front() == '\t'))
      item.remove_prefix(1);
    while (!item.empty() && (item.back() == ' ' || item.back() == '\t'))
      item.remove_suffix(1);
    if (equals_ignoring_case(item, token)) return true;
  }
  return false;
}

/// Beast's parser, which does no I/O, over a block that is complete.
class BlockParser final : public beast::http::basic_parser<true> {
 public:
  BlockParser(RequestHead& head, std::size_t max_headers)
      : head_(head), max_headers_(max_headers) {}

  bool too_many = false;
  bool transfer_encoding = false;
  bool connection_close = false;
  bool connection_keep_alive = false;
  bool connection_upgrade = false;
  bool unknown_expectation = false;
  bool upgrade = false;
  std::size_t hosts = 0;

 private:
  using Code = beast::error_code;
  using Text = beast::string_view;

  void on_request_impl(beast::http::verb, Text method, Text target, int version, Code&) override {
    head_.request.method = view(method);
    head_.request.target = view(target);
    head_.version = static_cast<unsigned>(version);
  }
  void on_field_impl(beast::http::field known, Text name, Text value, Code& code) override {
    if (head_.headers.size() >= max_headers_) {
      too_many = true;
      code = beast::http::error::header_limit;
      return;
    }
    auto* letters = const_cast<char*>(name.data());  // the block is ours and not const
    std::transform(letters, letters + name.size(), letters, &lower);
    head_.headers.push_back({view(name), view(value)});
    note(known, view(value));
  }
  void note(beast::http::field known, std::string_view value) {
    using beast::http::field;
    if (known == field::host) ++hosts;
    if (known == field::transfer_encoding) transfer_encoding = true;
    if (known == field::upgrade) upgrade = list_has(value, "websocket");
    if (known == field::connection) {
      connection_close = connection_close || list_has(value, "close");
      connection_keep_alive = connection_keep_alive || list_has(value, "keep-alive");
      connection_upgrade = connection_upgrade || list_has(value, "upgrade");
    }
    if (known == field::expect) {
      head_.expects_continue = equals_ignoring_case(value, "100-continue");
      unknown_expectation = !head_.expects_continue;
    }
  }
  void on_header_impl(Code&) override {}
  void on_body_init_impl(boost::optional<std::uint64_t> const&, Code&) override {}
  std::size_t on_body_impl(Text, Code&) override { return 0; }
  void on_chunk_header_impl(std::uint64_t, Text, Code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, Text, Code&) override { return 0; }
  void on_finish_impl(Code&) override {}
  void on_response_impl(int, Text, int, Code&) override {}

  RequestHead& head_;
  std::size_t max_headers_;
};

/// The same for a response.
class ResponseParser final : public beast::http::basic_parser<false> {
 public:
  explicit ResponseParser(ResponseHead& head) : head_(head) {}

 private:
  using Code = beast::error_code;
  using Text = beast::string_view;

  void on_response_impl(int status, Text, int, Code&) override {
    head_.status = static_cast<unsigned>(status);
  }
  void on_field_impl(beast::http::field, Text name, Text value, Code&) override {
    auto* letters = const_cast<char*>(name.data());  // the block is ours and not const
    std::transform(letters, letters + name.size(), letters, &lower);
    head_.headers.push_back({view(name), view(value)});
  }
  void on_request_impl(beast::http::verb, Text, Text, int, Code&) override {}
  void on_header_impl(Code&) override {}
  void on_body_init_impl(boost::optional<std::uint64_t> const&, Code&) override {}
  std::size_t on_body_impl(Text, Code&) override { return 0; }
  void on_chunk_header_impl(std::uint64_t, Text, Code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, Text, Code&) override { return 0; }
  void on_finish_impl(Code&) override {}

  ResponseHead& head_;
};

Refusal refusal_of(const beast::error_code& code, std::string_view block) {
  using beast::http::error;
  if (code == error::bad_version) {
    const std::string_view line = block.substr(0, block.find('\r'));
    const std::string_view version = line.substr(line.rfind(' ') + 1);
    if (version.starts_with("HTTP/1.") || !version.starts_with("HTTP/")) {
      return {400, "the request line is not: method, target, version"};
    }
    return {505, "only HTTP/1.1 and HTTP/1.0 are spoken here"};
  }
  if (code == error::bad_method) return {400, "the request does not begin with a method"};
  if (code == error::bad_target)
    return {400, "the request target has a character it must not have"};
  if (code == error::bad_content_length) {
    return {400,
            "Content-Length is not a number, is given twice, or stands beside Transfer-Encoding"};
  }
  if (code == error::bad_transfer_encoding) {
    return {400, "Transfer-Encoding is given twice or stands beside Content-Length"};
  }
  if (code == error::bad_field) return {400, "a header name has a character it must not have"};
  if (code == error::bad_value) return {400, "a header value has a character it must not have"};
  return {400, "the request is not HTTP"};
}

}  // namespace

bool equals_ignoring_case(std::string_view value, std::string_view lower_case) {
  return std::ranges::equal(value, lower_case, {}, &lower);
}

std::size_t HeadScanner::scan(std::string_view input) {
  while (!refusal_) {
    const void* found = searched_ < input.size()
                            ? std::memchr(input.data() + searched_, '\n', input.size() - searched_)
                            : nullptr;
    if (found == nullptr) {
      searched_ = input.size();
      return 0;
    }
    const auto end = static_cast<std::size_t>(static_cast<const char*>(found) - input.data());
    const char first = input[line_];
    if (end == line_ || input[end - 1] != '\r') {
      refusal_ = {400, "a line ends with a bare line feed"};
    } else if (line_ > 0 && (first == ' ' || first == '\t')) {
      refusal_ = {400, "a header is continued on a second line"};
    } else if (end == line_ + 1) {
      return end + 1;
    }
    line_ = searched_ = end + 1;
  }
  return 0;
}

Refusal RequestHead::parse(std::span<char> block, std::size_t max_headers) {
  headers.clear();
  request = {};
  chunked = expects_continue = upgrades_websocket = false;
  BlockParser parser(*this, max_headers);
  parser.header_limit(static_cast<std::uint32_t>(block.size()) + 1);
  parser.body_limit(std::numeric_limits<std::uint64_t>::max());  // no limit is none at all in 1.74
  beast::error_code code;
  parser.put(boost::asio::const_buffer(block.data(), block.size()), code);
  if (parser.too_many) return {431, "too many headers"};
  if (code) return refusal_of(code, {block.data(), block.size()});
  if (!parser.is_header_done()) return {400, "the request is not HTTP"};

  chunked = parser.chunked();
  if (parser.transfer_encoding && (!chunked || version == 10)) {
    return {501, "no Transfer-Encoding but chunked is understood here"};
  }
  if (parser.hosts > 1 || (parser.hosts == 0 && version == 11)) {
    return {400, "a request must have one Host header"};
  }
  if (parser.unknown_expectation) return {417, "no expectation but 100-continue can be met"};
  if (const auto length = parser.content_length()) request.content_length = *length;
  request.has_body = chunked || request.content_length.value_or(0) > 0;
  request.headers = headers;
  request.keep_alive = version == 11 ? !parser.connection_close : parser.connection_keep_alive;
  expects_continue = expects_continue && version == 11;
  upgrades_websocket = parser.upgrade && parser.connection_upgrade && version == 11;
  return split_target();
}

bool ResponseHead::parse(std::span<char> block) {
  *this = {};
  ResponseParser parser(*this);
  parser.header_limit(static_cast<std::uint32_t>(block.size()) + 1);
  parser.body_limit(std::numeric_limits<std::uint64_t>::max());
  beast::error_code code;
  parser.put(boost::asio::const_buffer(block.data(), block.size()), code);
  return !code && parser.is_header_done();
}

std::string_view ResponseHead::header(std::string_view name) const {
  const auto found = std::ranges::find(headers, name, &Header::name);
  return found == headers.end() ? std::string_view() : found->value;
}

/// Makes path and query of the target: origin form, absolute form, or "*" for OPTIONS.
Refusal RequestHead::split_target() {
  std::string_view rest = request.target;
  if (rest == "*" && request.method == "OPTIONS") {
    request.path = rest;
    return {};
  }
  if (!rest.starts_with('/')) {
    const std::size_t scheme = rest.find("://");
    const bool known =
        scheme != std::string_view::npos && (equals_ignoring_case(rest.substr(0, scheme), "http") ||
                                             equals_ignoring_case(rest.substr(0, scheme), "https"));
    if (!known) return {400, "the request target must be a path or an http URL"};
    rest.remove_prefix(scheme + 3);
    const std::size_t authority = rest.find_first_of("/?");
    rest = authority == std::string_view::npos ? std::string_view() : rest.substr(authority);
  }
  const std::size_t mark = rest.find('?');
  request.path = rest.substr(0, mark);
  if (request.path.empty()) request.path = "/";
  if (mark != std::string_view::npos) request.query = rest.substr(mark + 1);
  return {};
}

}  // namespace engine::http
