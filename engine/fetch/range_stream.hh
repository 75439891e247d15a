#pragma once

#include "fetch/transfer.hh"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace engine::fetch {

/// What is known about a file on a server, and must stay so while it is read.
struct RemoteFile {
  std::string url;
  std::uint64_t size = 0;
  std::string etag = {};
  std::string last_modified = {};
  std::shared_ptr<ConnectionPool> pool = {};
  ConnectOptions connect = {};

  /// Whether an answer speaks of this very file. ERRORS: Errc::network, saying what differs.
  [[nodiscard]] Result<> check_same(const ResponseHead& head) const;
};

/// The bytes from one place of a remote file to another, in order. When the connection breaks, it
/// goes on from where it was.
class RangeStream {
 public:
  /// `end` is past the last byte. Nothing is asked for before the first read.
  RangeStream(const RemoteFile& file, std::uint64_t begin, std::uint64_t end)
      : file_(file), at_(begin), end_(end) {}

  [[nodiscard]] std::uint64_t position() const { return at_; }
  [[nodiscard]] std::uint64_t end() const { return end_; }

  /// Fills `into`. REQUIRES: it does not go past the end.
  /// ERRORS: Errc::network, Errc::timeout; Errc::protocol_unsupported if the server does not know
  /// ranges: then `take_whole` gives the answer it sent instead, if that is the file.
  Result<> read(MutableBytes into);
  std::unique_ptr<Transfer> take_whole() { return std::move(whole_); }

 private:
  Result<> open();
  Result<> check_head(const ResponseHead& head) const;
  Result<std::size_t> read_some(MutableBytes into);

  const RemoteFile& file_;
  std::uint64_t at_;
  std::uint64_t end_;
  std::unique_ptr<Transfer> transfer_;
  std::unique_ptr<Transfer> whole_;
};

/// ERRORS: unless `status` is `wanted`: Errc::not_found; Errc::busy if it may pass; Errc::network.
Result<> check_status(const std::string& url, long status, long wanted);

/// Counts failures without progress between them, and waits longer after each but the first. That
/// the server is too slow counts whatever came between.
class Retries {
 public:
  explicit Retries(const ConnectOptions& options)
      : left_(options.retries), limit_(options.retries) {}
  void progress();
  /// Gives `error` back when it is final or patience is over; else waits and gives nothing.
  std::optional<Error> failed(Error error);

 private:
  unsigned left_;
  unsigned limit_;
  unsigned timeouts_ = 0;
};

}  // namespace engine::fetch
