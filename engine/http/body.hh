#pragma once

#include "loop/completion.hh"
#include "loop/loop.hh"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace engine::http {

class BodyQueue;
class Session;

/// The body of a request, taken as it comes. Nothing more is read from the connection than is asked
/// for here, some tens of kilobytes excepted. Move-only; used on the session's loop. Destroyed, the
/// rest of the body is skipped.
class BodyReader {
 public:
  BodyReader() = default;
  BodyReader(std::shared_ptr<BodyQueue> queue, std::optional<std::uint64_t> size)
      : queue_(std::move(queue)), size_(size) {}
  BodyReader(BodyReader&&) noexcept = default;
  BodyReader& operator=(BodyReader&& other) noexcept;
  BodyReader(const BodyReader&) = delete;
  BodyReader& operator=(const BodyReader&) = delete;
  ~BodyReader();

  /// The next 1 to `max` bytes; an empty string at the end of the body.
  ///
  /// REQUIRES: no other read is pending. ERRORS: Errc::connection_lost, Errc::deserialization (a
  /// broken chunk).
  void read(std::size_t max, Completion<std::string> done);
  /// What the client announced; none for a chunked body.
  [[nodiscard]] std::optional<std::uint64_t> size() const { return size_; }

 private:
  std::shared_ptr<BodyQueue> queue_;
  std::optional<std::uint64_t> size_;
};

}  // namespace engine::http
