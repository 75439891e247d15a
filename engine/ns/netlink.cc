#include "ns/netlink.hh"

#include <fmt/format.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace engine::ns {
namespace {

constexpr std::size_t align(std::size_t size) {
  return (size + 3) & ~std::size_t{3};
}

tl::unexpected<Error> fail_kernel(std::string_view what, int error_number) {
  Error error = errno_error(what, error_number);
  if (error_number == EEXIST) error.code = Errc::duplicate;
  if (error_number == ENODEV) error.code = Errc::not_found;
  return fail(std::move(error));
}

}  // namespace

NetlinkRequest::NetlinkRequest(std::uint16_t type, std::uint16_t flags) {
  nlmsghdr header{};
  header.nlmsg_type = type;
  header.nlmsg_flags = static_cast<std::uint16_t>(flags | NLM_F_REQUEST);
  append(&header, sizeof header);
}

void NetlinkRequest::append(const void* data, std::size_t size) {
  const std::size_t at = buffer_.size();
  buffer_.resize(at + align(size));
  if (size > 0) std::memcpy(buffer_.data() + at, data, size);
}

NetlinkRequest& NetlinkRequest::attribute(std::uint16_t type, ByteView value) {
  const rtattr header{.rta_len = static_cast<std::uint16_t>(sizeof(rtattr) + value.size()),
                      .rta_type = type};
  append(&header, sizeof header);
  append(value.data(), value.size());
  return *this;
}

NetlinkRequest& NetlinkRequest::attribute(std::uint16_t type, std::string_view text) {
  const std::string terminated(text);
  return attribute(type, as_bytes({terminated.c_str(), terminated.size() + 1}));
}

NetlinkRequest& NetlinkRequest::attribute(std::uint16_t type, std::uint32_t number) {
  return attribute(type, ByteView(reinterpret_cast<const std::byte*>(&number), sizeof number));
}

std::size_t NetlinkRequest::begin(std::uint16_t type) {
  const std::size_t at = buffer_.size();
  attribute(type, ByteView{});
  return at;
}

NetlinkRequest& NetlinkRequest::end(std::size_t begun) {
  const auto length = static_cast<std::uint16_t>(buffer_.size() - begun);
  std::memcpy(buffer_.data() + begun, &length, sizeof length);
  return *this;
}

ByteView NetlinkRequest::bytes(std::uint32_t sequence) {
  const auto length = static_cast<std::uint32_t>(buffer_.size());
  std::memcpy(buffer_.data() + offsetof(nlmsghdr, nlmsg_len), &length, sizeof length);
  std::memcpy(buffer_.data() + offsetof(nlmsghdr, nlmsg_seq), &sequence, sizeof sequence);
  return buffer_;
}

ByteView find_attribute(ByteView attributes, std::uint16_t wanted) {
  while (attributes.size() >= sizeof(rtattr)) {
    rtattr header{};
    std::memcpy(&header, attributes.data(), sizeof header);
    if (header.rta_len < sizeof header || header.rta_len > attributes.size()) break;
    if ((header.rta_type & NLA_TYPE_MASK) == wanted) {
      return attributes.subspan(sizeof header, header.rta_len - sizeof header);
    }
    attributes = attributes.subspan(std::min(align(header.rta_len), attributes.size()));
  }
  return {};
}

ByteView NetlinkMessage::attribute(std::size_t fixed_size, std::uint16_t wanted) const {
  if (payload.size() < align(fixed_size)) return {};
  return find_attribute(payload.subspan(align(fixed_size)), wanted);
}

Result<NetlinkSocket> NetlinkSocket::open() {
  UniqueFd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  if (!fd) return fail_errno("opening a route socket");
  return NetlinkSocket(std::move(fd));
}

Result<> NetlinkSocket::request(NetlinkRequest request, std::string_view what) {
  return exchange(request, what, {});
}

Result<> NetlinkSocket::dump(NetlinkRequest request,
                             const std::function<void(const NetlinkMessage&)>& each) {
  return exchange(request, "reading the network's state", each);
}

Result<> NetlinkSocket::exchange(NetlinkRequest& request,
                                 std::string_view what,
                                 const std::function<void(const NetlinkMessage&)>& each) {
  const ByteView bytes = request.bytes(++sequence_);
  if (::send(fd_.get(), bytes.data(), bytes.size(), 0) < 0) return fail_errno(what);
  std::array<std::byte, 65536> buffer{};
  while (true) {
    const ssize_t got = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno(what);
    ByteView rest(buffer.data(), static_cast<std::size_t>(got));
    while (rest.size() >= sizeof(nlmsghdr)) {
      nlmsghdr header{};
      std::memcpy(&header, rest.data(), sizeof header);
      if (header.nlmsg_len < sizeof header || header.nlmsg_len > rest.size()) break;
      const ByteView payload = rest.subspan(sizeof header, header.nlmsg_len - sizeof header);
      rest = rest.subspan(std::min(align(header.nlmsg_len), rest.size()));
      if (header.nlmsg_seq != sequence_) continue;
      if (header.nlmsg_type == NLMSG_DONE) return {};
      if (header.nlmsg_type == NLMSG_ERROR) {
        int code = 0;
        if (payload.size() >= sizeof code) std::memcpy(&code, payload.data(), sizeof code);
        if (code == 0) return {};
        return fail_kernel(what, -code);
      }
      if (each) each({.type = header.nlmsg_type, .payload = payload});
    }
  }
}

}  // namespace engine::ns
