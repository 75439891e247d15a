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

/// The body of a response, given as it is made. Move-only; used on the session's loop. Destroyed
/// before `finish`, the connection is cut, so that the client cannot take a part for the whole. One
/// made when the connection was gone already drops what it is given.
class BodyWriter {
 public:
  BodyWriter() = default;
  BodyWriter(loop::Loop& loop, std::weak_ptr<Session> session, std::uint64_t sequence)
      : loop_(&loop), session_(std::move(session)), sequence_(sequence) {}
  BodyWriter(BodyWriter&&) noexcept = default;
  BodyWriter& operator=(BodyWriter&& other) noexcept;
  BodyWriter(const BodyWriter&) = delete;
  BodyWriter& operator=(const BodyWriter&) = delete;
  ~BodyWriter();

  /// Queues `bytes`; `done` runs when there is room for more.
  ///
  /// REQUIRES: no other write is pending. ERRORS: Errc::connection_lost.
  void write(std::string_view bytes, Completion<> done);
  void finish();

 private:
  loop::Loop* loop_ = nullptr;
  std::weak_ptr<Session> session_;
  std::uint64_t sequence_ = 0;
};

}  // namespace engine::http
