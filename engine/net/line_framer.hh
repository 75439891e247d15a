#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace engine::net {

/// Cuts a byte stream into lines. Sans-IO. A line ends with LF, a CR before it is dropped, empty
/// lines are skipped, the last line may lack its LF.
///
/// Use: `feed` a chunk, call `next` until it says `need_more`, feed the next. A line that lies
/// wholly in the chunk is not copied.
class LineFramer {
 public:
  struct Limits {
    std::size_t line = 16UL << 20U;  ///< bytes of one line without its end
    std::size_t skip = 64UL << 20U;  ///< bytes of an oversize line skipped before giving up
  };
  enum class Event : std::uint8_t {
    need_more,  ///< nothing complete is left
    line,       ///< `line()` is the next one
    oversize,   ///< a line passed the limit; it is skipped up to its LF
    exhausted   ///< more than `skip` bytes of it were skipped: close the connection
  };

  LineFramer() = default;
  explicit LineFramer(Limits limits) : limits_(limits) {}

  /// `chunk` must stay as it is until `next` said need_more, or until `park`.
  /// REQUIRES: the last `next` said need_more (or this is the first chunk).
  void feed(std::string_view chunk);
  /// No more input comes: what is left is the last line.
  void end_of_input();
  Event next();
  /// After Event::line; lives until the next call of `next`, `feed` or `park`.
  [[nodiscard]] std::string_view line() const { return line_; }

  /// Copies what is unread of the chunk, so that its memory can be used otherwise.
  void park();
  /// Whether `next` may have more to give (need_more was not its last word).
  [[nodiscard]] bool has_unread() const { return more_; }
  /// Whether a line has begun and its end has not come.
  [[nodiscard]] bool inside_line() const { return skipping_ || store_.size() > begin_; }
  /// Bytes of that line that have come.
  [[nodiscard]] std::size_t begun() const { return skipping_ ? skipped_ : kept(); }
  /// Bytes kept of chunks that are gone.
  [[nodiscard]] std::size_t kept() const { return store_.size() - begin_; }

 private:
  Event give(std::string_view line);
  Event skip_to_line_end();
  Event from_store();
  Event from_chunk();
  Event keep_chunk();
  void drop_given_line();
  [[nodiscard]] bool too_long(std::string_view line) const;

  Limits limits_ = {};
  std::string_view line_;
  std::string_view chunk_;    ///< unread part of what was fed; follows what is in store_
  std::string store_;         ///< bytes kept from earlier chunks
  std::size_t begin_ = 0;     ///< where the unread part of store_ begins
  std::size_t searched_ = 0;  ///< bytes of that part known to hold no LF
  std::size_t skipped_ = 0;
  bool skipping_ = false;
  bool ended_ = false;
  bool more_ = false;
};

}  // namespace engine::net
