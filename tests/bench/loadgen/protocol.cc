#include "protocol.hh"

#include <strings.h>
#include <unistd.h>

#include <charconv>

namespace loadgen {
namespace {

constexpr std::string_view kSequence = "@SEQ@";
constexpr std::string_view kConnection = "@CONN@";
constexpr std::size_t kIdDigits = 10;
constexpr std::size_t kConnectionDigits = 4;

void put_number(char* at, std::size_t digits, std::uint64_t value) {
  for (std::size_t i = digits; i-- > 0; value /= 10)
    at[i] = static_cast<char>('0' + value % 10);
}

/// The message, with the number of its "id" turned into a placeholder.
std::string message(const Options& options) {
  if (options.body.empty()) {
    return R"({"jsonrpc":"2.0","id":@SEQ@,"method":")" + options.method + R"(","params":)" +
           options.params + "}";
  }
  std::string body = options.body;
  const auto at = body.find("\"id\":");
  if (at == std::string::npos) die("the body has no \"id\":");
  const auto begin = body.find_first_not_of(' ', at + 5);
  const auto end = body.find_first_not_of("0123456789", begin);
  if (end == begin) die("the id of the body is not a number");
  return body.replace(begin, end - begin, kSequence);
}

std::optional<std::uint64_t> json_id(std::string_view text) {
  const auto at = text.find("\"id\":");
  if (at == std::string_view::npos) return std::nullopt;
  std::uint64_t id = 0;
  const char* begin = text.data() + at + 5;
  const auto read = std::from_chars(begin, text.data() + text.size(), id);
  if (read.ec != std::errc{}) return std::nullopt;
  return id;
}

void read_json(std::string_view payload, Answer& answer) {
  answer.payload = payload;
  answer.id = json_id(payload);
  answer.good = answer.id && payload.find("\"error\":{") == std::string_view::npos;
}

class Lines final : public Protocol {
 public:
  explicit Lines(const Options& options) { set_request(message(options) + '\n'); }
  bool by_id() const override { return true; }
  std::ptrdiff_t parse(std::string_view in, Answer& answer) const override {
    const auto end = in.find('\n');
    if (end == std::string_view::npos) return 0;
    read_json(in.substr(0, end), answer);
    return static_cast<std::ptrdiff_t>(end) + 1;
  }
};

class Raw final : public Protocol {
 public:
  explicit Raw(const Options& options) { set_request(std::string(options.size - 1, 'x') + '\n'); }
  bool by_id() const override { return false; }
  std::ptrdiff_t parse(std::string_view in, Answer& answer) const override {
    if (in.size() < request_size()) return 0;
    answer.payload = in.substr(0, request_size());
    return static_cast<std::ptrdiff_t>(request_size());
  }
};

bool starts_with_name(std::string_view line, std::string_view name) {
  return line.size() >= name.size() && ::strncasecmp(line.data(), name.data(), name.size()) == 0;
}

/// Keep-alive POST; answers come in order, with a Content-Length.
class Http final : public Protocol {
 public:
  explicit Http(const Options& options) {
    const std::string body = message(options);
    // The placeholders are of other widths than what replaces them.
    std::string head = "POST " + options.path + " HTTP/1.1\r\nHost: localhost\r\n";
    for (const std::string& header : options.headers)
      head += header + "\r\n";
    set_request(body);
    const std::size_t length = request_size();
    set_request(head + "Content-Type: application/json\r\nContent-Length: " +
                std::to_string(length) + "\r\n\r\n" + body);
  }
  bool by_id() const override { return false; }
  std::ptrdiff_t parse(std::string_view in, Answer& answer) const override {
    const auto head = in.find("\r\n\r\n");
    if (head == std::string_view::npos) return in.size() > 65536 ? -1 : 0;
    if (!in.starts_with("HTTP/1.")) return -1;
    answer.good = in.substr(9, 3) == "200";
    std::optional<std::size_t> length;
    for (std::size_t at = 0; at < head;) {
      const std::size_t end = in.find("\r\n", at);
      const std::string_view line = in.substr(at, end - at);
      if (starts_with_name(line, "connection:")) answer.closes = line.ends_with("close");
      if (starts_with_name(line, "content-length:")) {
        length = std::strtoul(line.data() + 15, nullptr, 10);
      }
      at = end + 2;
    }
    if (!length) return -1;
    const std::size_t total = head + 4 + *length;
    if (in.size() < total) return 0;
    answer.payload = in.substr(head + 4, *length);
    return static_cast<std::ptrdiff_t>(total);
  }
};

class WebSocket final : public Protocol {
 public:
  explicit WebSocket(const Options& options) : path_(options.path), headers_(options.headers) {
    const std::string body = message(options);
    set_request(body);
    const std::size_t length = request_size();
    if (length > 65535) die("a WebSocket message of more than 64 KiB is not supported");
    std::string frame = "\x81";
    if (length < 126) {
      frame += static_cast<char>(0x80U | length);
    } else {
      frame += static_cast<char>(0x80U | 126U);
      frame += static_cast<char>(length >> 8U);
      frame += static_cast<char>(length & 255U);
    }
    // A masking key of 0 is legal and leaves the payload as it is.
    set_request(frame + std::string(4, '\0') + body);
  }
  bool by_id() const override { return true; }

  bool greet(int fd) const override {
    std::string request = "GET " + path_ +
                          " HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
                          "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    for (const std::string& header : headers_)
      request += header + "\r\n";
    request += "\r\n";
    if (::write(fd, request.data(), request.size()) != static_cast<ssize_t>(request.size())) {
      return false;
    }
    std::string answer;
    char c = 0;
    while (answer.size() < 8192 && !answer.ends_with("\r\n\r\n")) {
      if (::read(fd, &c, 1) != 1) return false;
      answer += c;
    }
    return answer.starts_with("HTTP/1.1 101");
  }

  std::ptrdiff_t parse(std::string_view in, Answer& answer) const override {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(in[i]); };
    if (in.size() < 2) return 0;
    std::size_t length = byte(1) & 127U;
    const std::size_t extra = length == 126 ? 2 : length == 127 ? 8 : 0;
    if (in.size() < 2 + extra) return 0;
    if (extra > 0) length = 0;
    for (std::size_t i = 0; i < extra; ++i)
      length = length << 8U | byte(2 + i);
    const std::size_t total = 2 + extra + length;
    if (in.size() < total) return 0;
    const unsigned opcode = byte(0) & 15U;
    if (opcode == 8) return -1;
    answer.control = opcode == 9 || opcode == 10;
    if (!answer.control) read_json(in.substr(2 + extra, length), answer);
    return static_cast<std::ptrdiff_t>(total);
  }

 private:
  std::string path_;
  std::vector<std::string> headers_;
};

}  // namespace

void Protocol::set_request(std::string request) {
  ids_.clear();
  connections_.clear();
  for (std::size_t at = 0; (at = request.find('@', at)) != std::string::npos;) {
    const std::string_view rest = std::string_view(request).substr(at);
    const bool sequence = rest.starts_with(kSequence);
    if (!sequence && !rest.starts_with(kConnection)) {
      ++at;
      continue;
    }
    (sequence ? ids_ : connections_).push_back(at);
    const std::size_t digits = sequence ? kIdDigits : kConnectionDigits;
    request.replace(at, (sequence ? kSequence : kConnection).size(), digits, '0');
    at += digits;
  }
  request_ = std::move(request);
}

void Protocol::append_request(std::string& out, std::uint64_t id, std::size_t connection) const {
  const std::size_t begin = out.size();
  out += request_;
  for (const std::size_t at : ids_)
    put_number(out.data() + begin + at, kIdDigits, id);
  for (const std::size_t at : connections_)
    put_number(out.data() + begin + at, kConnectionDigits, connection);
}

std::unique_ptr<Protocol> make_protocol(const Options& options) {
  if (options.protocol == "raw") return std::make_unique<Raw>(options);
  if (options.protocol == "http") return std::make_unique<Http>(options);
  if (options.protocol == "ws") return std::make_unique<WebSocket>(options);
  return std::make_unique<Lines>(options);
}

}  // namespace loadgen
