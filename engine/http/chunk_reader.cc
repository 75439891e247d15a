#include "http/chunk_reader.hh"

#include <boost/beast/http/basic_parser.hpp>

namespace engine::http {
namespace {

namespace beast = boost::beast;

/// What is left of a good body behind a chunk is never shorter than "0\r\n\r\n", and Beast, having
/// seen the last chunk's size, asserts that it gets as much.
constexpr std::size_t kLeast = 5;
constexpr std::string_view kHead = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";

}  // namespace

/// Beast's parser behind a header block of our own, so that it reads the body alone.
struct ChunkReader::Impl final : beast::http::basic_parser<true> {
  using Code = beast::error_code;
  using Text = beast::string_view;

  std::size_t on_chunk_body_impl(std::uint64_t, Text bytes, Code&) override {
    body->append(bytes.data(), bytes.size());
    left -= bytes.size();
    return bytes.size();
  }
  void on_request_impl(beast::http::verb, Text, Text, int, Code&) override {}
  void on_response_impl(int, Text, int, Code&) override {}
  void on_field_impl(beast::http::field, Text, Text, Code&) override {}
  void on_header_impl(Code&) override {}
  void on_body_init_impl(boost::optional<std::uint64_t> const&, Code&) override {}
  std::size_t on_body_impl(Text, Code&) override { return 0; }
  void on_chunk_header_impl(std::uint64_t size, Text, Code&) override { left = size; }
  void on_finish_impl(Code&) override {}

  std::string* body = nullptr;
  std::uint64_t left = 0;  ///< of the chunk being read
  bool broken = false;
};

ChunkReader::ChunkReader() : impl_(std::make_unique<Impl>()) {
  beast::error_code code;
  impl_->body_limit(boost::none);
  impl_->put(boost::asio::const_buffer(kHead.data(), kHead.size()), code);
}

ChunkReader::~ChunkReader() = default;

std::size_t ChunkReader::take(std::string_view input, std::string& body) {
  impl_->body = &body;
  std::size_t total = 0;
  while (input.size() - total >= (impl_->left > 0 ? 1 : kLeast) && !done() && !broken()) {
    beast::error_code code;
    const std::size_t used =
        impl_->put(boost::asio::const_buffer(input.data() + total, input.size() - total), code);
    total += used;
    if (code == beast::http::error::need_more) break;
    if (code) impl_->broken = true;
  }
  return total;
}

bool ChunkReader::done() const {
  return impl_->is_done();
}

bool ChunkReader::broken() const {
  return impl_->broken;
}

}  // namespace engine::http
