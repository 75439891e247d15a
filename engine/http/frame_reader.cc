#include "http/frame_reader.hh"

#include "crypto/random.hh"

#include <wslay/wslay.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string>

namespace engine::http {
namespace {

constexpr std::uint8_t kFin = 0x80;
constexpr std::uint8_t kMasked = 0x80;

void append_length(std::string& out, std::size_t length, int bytes) {
  for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8)
    out += static_cast<char>(static_cast<unsigned char>(length >> static_cast<unsigned>(shift)));
}

void append_head(std::string& out, std::uint8_t opcode, std::uint8_t masked, std::size_t size) {
  out += static_cast<char>(kFin | opcode);
  if (size < 126) {
    out += static_cast<char>(masked | size);
  } else if (size <= 0xFFFF) {
    out += static_cast<char>(masked | 126U);
    append_length(out, size, 2);
  } else {
    out += static_cast<char>(masked | 127U);
    append_length(out, size, 8);
  }
}

}  // namespace

struct FrameReader::Impl {
  explicit Impl(From sender) : from(sender) {}

  static ssize_t receive(std::uint8_t* into, std::size_t size, int, void* self) {
    auto& impl = *static_cast<Impl*>(self);
    const std::size_t part = std::min(size, impl.input.size() - impl.used);
    std::memcpy(into, impl.input.data() + impl.used, part);
    impl.used += part;
    return static_cast<ssize_t>(part);
  }

  From from;
  wslay_frame_context_ptr context = nullptr;
  std::span<const char> input;
  std::size_t used = 0;
  std::uint64_t received = 0;  ///< payload bytes of the current frame
  bool inside = false;         ///< the current frame has begun
};

FrameReader::FrameReader(From from) : impl_(std::make_unique<Impl>(from)) {
  const wslay_frame_callbacks callbacks{
      .send_callback = nullptr, .recv_callback = &Impl::receive, .genmask_callback = nullptr};
  wslay_frame_context_init(&impl_->context, &callbacks, impl_.get());
}

FrameReader::~FrameReader() {
  wslay_frame_context_free(impl_->context);
}

void FrameReader::feed(std::span<const char> input) {
  impl_->input = input;
  impl_->used = 0;
}

std::size_t FrameReader::used() const {
  return impl_->used;
}

FrameReader::Part FrameReader::next() {
  wslay_frame_iocb frame = {};
  const ssize_t got = wslay_frame_recv(impl_->context, &frame);
  unread_ = got >= 0;
  if (got == WSLAY_ERR_WANT_READ) return {};
  // A client masks every frame, a server none, and extensions were not agreed on.
  const bool from_client = frame.mask != 0;
  if (got < 0 || from_client != (impl_->from == From::client) || frame.rsv != 0) {
    return {.event = Part::Event::broken};
  }
  Part part{.event = Part::Event::part,
            .opcode = frame.opcode,
            .fin = frame.fin != 0,
            .first = !impl_->inside,
            .frame_size = frame.payload_length,
            .payload = {reinterpret_cast<const char*>(frame.data), frame.data_length}};
  impl_->received += frame.data_length;
  part.last = impl_->received == frame.payload_length;
  impl_->inside = !part.last;
  if (part.last) impl_->received = 0;
  return part;
}

void write_frame(std::string& out, std::uint8_t opcode, std::string_view payload) {
  append_head(out, opcode, 0, payload.size());
  out += payload;
}

void write_masked_frame(std::string& out, std::uint8_t opcode, std::string_view payload) {
  std::array<char, 4> mask{};
  crypto::random_bytes(std::as_writable_bytes(std::span(mask)));
  append_head(out, opcode, kMasked, payload.size());
  out.append(mask.data(), mask.size());
  for (std::size_t at = 0; at < payload.size(); ++at)
    out += static_cast<char>(payload[at] ^ mask[at % mask.size()]);
}

}  // namespace engine::http
