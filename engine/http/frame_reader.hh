#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace engine::http {

/// Cuts the bytes of one end of a WebSocket into frames. Sans-IO.
class FrameReader {
 public:
  enum class From : std::uint8_t { client, server };
  /// A frame, or the part of one that is there.
  struct Part {
    enum class Event : std::uint8_t { need_more, part, broken };
    Event event = Event::need_more;
    std::uint8_t opcode = 0;
    bool fin = false;               ///< the last frame of its message
    bool first = false;             ///< the frame begins here
    bool last = false;              ///< the frame ends here
    std::uint64_t frame_size = 0;   ///< payload bytes of the whole frame
    std::string_view payload = {};  ///< valid until the next call of `next`
  };

  explicit FrameReader(From from = From::client);
  FrameReader(const FrameReader&) = delete;
  FrameReader& operator=(const FrameReader&) = delete;
  ~FrameReader();

  /// REQUIRES: all of the last input was used (`next` said need_more), or it comes again in front.
  void feed(std::span<const char> input);
  /// How much of the input has been used.
  [[nodiscard]] std::size_t used() const;
  Part next();
  /// Whether `next` may have more to give without input.
  [[nodiscard]] bool has_unread() const { return unread_; }

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
  bool unread_ = false;
};

/// Appends a frame as a server sends it.
void write_frame(std::string& out, std::uint8_t opcode, std::string_view payload);
/// Appends a frame as a client sends it: masked with four random bytes.
void write_masked_frame(std::string& out, std::uint8_t opcode, std::string_view payload);

}  // namespace engine::http
