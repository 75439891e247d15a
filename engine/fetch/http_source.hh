#pragma once

#include "archive/source.hh"

#include "fetch/transfer.hh"

#include <memory>
#include <string>

namespace engine::fetch {

/// A package on a web server, read in pieces as they are needed.
///
/// A server that sends ranges is asked for small ones while the reader jumps about and for one long
/// one while it reads on. One that does not is read from the start into a temporary file. What it
/// sends must be what was asked for, of a file that stays the same. A connection that breaks is
/// taken up where it broke.
///
/// The errors of `read` are Errc::network, Errc::timeout, Errc::not_found, as errno_error.
class HttpSource final : public archive::ByteSource {
 public:
  /// Asks the server for the size. ERRORS: as `read`; Errc::parse_url.
  static Result<std::shared_ptr<const HttpSource>> open(std::string url,
                                                        const ConnectOptions& options = {});
  ~HttpSource() override;
  HttpSource(const HttpSource&) = delete;
  HttpSource& operator=(const HttpSource&) = delete;

  [[nodiscard]] std::uint64_t size() const override;
  /// One connection: several readers would only wait for each other.
  [[nodiscard]] bool sequential() const override { return true; }
  Result<> read(std::uint64_t offset, MutableBytes into) const override;

 private:
  class Reader;
  explicit HttpSource(std::unique_ptr<Reader> reader);
  std::unique_ptr<Reader> reader_;
};

}  // namespace engine::fetch
