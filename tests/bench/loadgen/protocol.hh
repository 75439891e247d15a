#pragma once

#include "options.hh"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace loadgen {

/// The first id; ids keep this number of digits, so that requests keep their length.
constexpr std::uint64_t kFirstId = 1'000'000'000;

/// One answer found in what was received. Views into the receive buffer.
struct Answer {
  std::string_view payload;
  std::optional<std::uint64_t> id;
  bool good = true;
  bool control = false;  ///< not an answer: a ping of WebSocket
  bool closes = false;   ///< the server has announced that it closes after this
};

/// How requests are written and answers are found. Immutable after construction: shared by threads.
class Protocol {
 public:
  virtual ~Protocol() = default;

  /// Looks for one answer at the head of `in`. Returns the bytes it took; 0: more is needed,
  /// negative: the stream is broken.
  virtual std::ptrdiff_t parse(std::string_view in, Answer& answer) const = 0;

  /// What is said once on a new connection, blocking.
  virtual bool greet(int) const { return true; }

  /// Answers carry ids and may come out of order.
  virtual bool by_id() const = 0;

  void append_request(std::string& out, std::uint64_t id, std::size_t connection) const;
  std::size_t request_size() const { return request_.size(); }

 protected:
  /// Places of the ids in `request` are found and made wide.
  void set_request(std::string request);

  std::string request_;

 private:
  std::vector<std::size_t> ids_;
  std::vector<std::size_t> connections_;
};

std::unique_ptr<Protocol> make_protocol(const Options& options);

}  // namespace loadgen
