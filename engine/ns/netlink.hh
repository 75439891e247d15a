#pragma once

#include "base/bytes.hh"
#include "base/result.hh"
#include "base/unique_fd.hh"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

/// Just enough rtnetlink to make a bridge and to read links, addresses and routes.
namespace engine::ns {

/// One request: header, fixed part, attributes. Value type.
class NetlinkRequest {
 public:
  /// `flags` are added to NLM_F_REQUEST.
  NetlinkRequest(std::uint16_t type, std::uint16_t flags);

  /// The fixed part that follows the header (ifinfomsg, ifaddrmsg, …); call once, first.
  template <typename T>
  NetlinkRequest& fixed(const T& part) {
    append(&part, sizeof part);
    return *this;
  }
  NetlinkRequest& attribute(std::uint16_t type, ByteView value);
  NetlinkRequest& attribute(std::uint16_t type, std::string_view text);  ///< with final NUL
  NetlinkRequest& attribute(std::uint16_t type, std::uint32_t number);
  /// Opens a nested attribute; `end` closes it with the value `begin` gave.
  std::size_t begin(std::uint16_t type);
  NetlinkRequest& end(std::size_t begun);

  [[nodiscard]] ByteView bytes(std::uint32_t sequence);

 private:
  void append(const void* data, std::size_t size);
  Bytes buffer_;
};

/// One message of an answer: the fixed part and the attributes behind it.
struct NetlinkMessage {
  std::uint16_t type = 0;
  ByteView payload;
  /// The value of attribute `type` behind a fixed part of `fixed_size` bytes; empty if missing.
  [[nodiscard]] ByteView attribute(std::size_t fixed_size, std::uint16_t wanted) const;
};
/// The value of attribute `wanted` in a run of attributes; empty if missing.
ByteView find_attribute(ByteView attributes, std::uint16_t wanted);

/// A route socket in the network namespace of the thread that opened it. Resource type; one thread
/// at a time.
class NetlinkSocket {
 public:
  static Result<NetlinkSocket> open();

  /// Sends and waits for the kernel's verdict. `what` names the request in the error.
  /// ERRORS: from the kernel's errno (Errc::not_found, …); EEXIST is Errc::duplicate.
  Result<> request(NetlinkRequest request, std::string_view what);

  /// Sends a dump request and hands every message of the answer to `each`.
  Result<> dump(NetlinkRequest request, const std::function<void(const NetlinkMessage&)>& each);

 private:
  explicit NetlinkSocket(UniqueFd fd) : fd_(std::move(fd)) {}
  Result<> exchange(NetlinkRequest& request,
                    std::string_view what,
                    const std::function<void(const NetlinkMessage&)>& each);
  UniqueFd fd_;
  std::uint32_t sequence_ = 0;
};

}  // namespace engine::ns
