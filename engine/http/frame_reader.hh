#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace engine::http {

/// Cuts the bytes of one end of a WebSocket into frames (RFC 6455, section 5). Sans-IO; keeps no
/// bytes: payloads are unmasked and handed out where they lie.
class FrameReader {
 public:
  enum class From : std::uint8_t { client, server };
  /// A frame, or the part of one that is there; the first part may be its head alone.
  struct Part {
    enum class Event : std::uint8_t { need_more, part, broken };
    Event event = Event::need_more;
    std::uint8_t opcode = 0;
    bool fin = false;               ///< the last frame of its message
    bool first = false;             ///< the frame begins here
    bool last = false;              ///< the frame ends here
    std::uint64_t frame_size = 0;   ///< payload bytes of the whole frame
    std::string_view payload = {};  ///< a part of the input
  };

  explicit FrameReader(From from = From::client) : from_(from) {}

  /// What has come and was not used yet; must outlive the calls of `next`, and is changed by them
  /// as far as it is used.
  void feed(std::span<char> input);
  /// How much of the input has been used. The rest comes again in front of the next input.
  [[nodiscard]] std::size_t used() const { return used_; }
  Part next();

 private:
  bool read_head();

  From from_;
  std::span<char> input_;
  std::size_t used_ = 0;
  Part frame_;                     ///< the current one; its event says whether there is one
  std::uint64_t left_ = 0;         ///< payload bytes of it that did not come yet
  std::array<char, 4> mask_ = {};  ///< for its next byte
};

/// Unmasks, or masks, bytes (RFC 6455, section 5.3): each is combined with one of `mask` in turn.
/// Returns the mask turned so that it fits the byte behind them.
std::array<char, 4> apply_mask(std::span<char> bytes, std::array<char, 4> mask);

/// Appends a frame as a server sends it.
void write_frame(std::string& out, std::uint8_t opcode, std::string_view payload);
/// Appends a frame as a client sends it: masked with four random bytes.
void write_masked_frame(std::string& out, std::uint8_t opcode, std::string_view payload);

}  // namespace engine::http
