#include "http/frame_reader.hh"

#include <wslay/wslay.h>

#include <algorithm>
#include <cstring>
#include <string>

namespace engine::http {
namespace {

constexpr std::uint8_t kFin = 0x80;

void append_length(std::string& out, std::size_t length, int bytes) {
  for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8)
    out += static_cast<char>(static_cast<unsigned char>(length >> static_cast<unsigned>(shift)));
}

}  // namespace

struct FrameReader::Impl {
  static ssize_t receive(std::uint8_t* into, std::size_t size, int, void* self) {
    auto& impl = *static_cast<Impl*>(self);
    const std::size_t part = std::min(size, impl.input.size() - impl.used);
    std::memcpy(into, impl.input.data() + impl.used, part);
    impl.used += part;
    return static_cast<ssize_t>(part);
  }

  wslay_frame_context_ptr context = nullptr;
  std::span<const char> input;
  std::size_t used = 0;
  std::uint64_t received = 0;  ///< payload bytes of the current frame
  bool inside = false;         ///< the current frame has begun
};

FrameReader::FrameReader() : impl_(std::make_unique<Impl>()) {
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
  // A client masks every frame, and extensions were not agreed on.
  if (got < 0 || frame.mask == 0 || frame.rsv != 0) return {.event = Part::Event::broken};
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
  out += static_cast<char>(kFin | opcode);
  if (payload.size() < 126) {
    append_length(out, payload.size(), 1);
  } else if (payload.size() <= 0xFFFF) {
    out += static_cast<char>(126);
    append_length(out, payload.size(), 2);
  } else {
    out += static_cast<char>(127);
    append_length(out, payload.size(), 8);
  }
  out += payload;
}

}  // namespace engine::http
