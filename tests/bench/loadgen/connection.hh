#pragma once

#include "options.hh"
#include "protocol.hh"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace loadgen {

std::int64_t now_ns();

/// A connected, non-blocking descriptor, or -1.
int dial(const Options& options, const Protocol& protocol);

/// One connection with up to `depth` requests in flight. Resource type, one thread.
class Connection {
 public:
  Connection(std::size_t number, std::size_t depth);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Takes a fresh descriptor; nothing is in flight then.
  void adopt(int fd);
  int fd() const { return fd_; }
  std::size_t in_flight() const { return started_.size() - free_.size(); }
  bool has_room() const { return !free_.empty(); }

  /// Writes a request into the output, its clock starting at `start`.
  void enqueue(const Protocol& protocol, std::int64_t start);

  enum class Flushed { all, part, broken };
  Flushed flush();

  /// Reads once. Returns the bytes read, 0 when there is nothing, negative when it is closed;
  /// `more` tells that the buffer was filled.
  std::ptrdiff_t receive(bool& more);
  std::string_view received() const { return {in_.data() + begin_, end_ - begin_}; }
  void consume(std::size_t bytes) { begin_ += bytes; }

  /// The start of the request that `answer` is for, or 0 when nobody asked for it.
  std::int64_t settle(const Answer& answer, bool by_id);
  /// Answers that came after the answer to a request sent later.
  std::uint64_t overtaken() const { return overtaken_; }

 private:
  std::size_t slot_of(const Answer& answer, bool by_id);

  std::size_t number_;
  int fd_ = -1;
  std::string out_;
  std::size_t sent_ = 0;
  std::vector<char> in_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::vector<std::int64_t> started_;  ///< per slot; 0: free
  std::vector<std::uint64_t> ids_;     ///< per slot
  std::vector<std::size_t> free_;
  std::vector<std::size_t> order_;  ///< ring of slots, for answers in order
  std::size_t head_ = 0;
  std::size_t tail_ = 0;
  std::uint64_t sequence_ = 0;
  std::uint64_t newest_ = 0;  ///< id of the latest request that has been answered
  std::uint64_t overtaken_ = 0;
};

}  // namespace loadgen
