#include "http/transport.hh"

#include "net/socket_call.hh"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/epoll.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace engine::http {
namespace {

constexpr std::size_t kKeptCapacity = 64UL << 10U;
constexpr std::size_t kWriteAtOnce = 64UL << 10U;

}  // namespace

/// The two functions through which OpenSSL reads and writes.
struct Transport::Bio {
  static Transport& owner(BIO* bio) { return *static_cast<Transport*>(::BIO_get_data(bio)); }

  static int read(BIO* bio, char* into, int size) {
    ::BIO_clear_retry_flags(bio);
    const Outcome got = owner(bio).receive({into, static_cast<std::size_t>(size)});
    if (got.status == Status::ok) return static_cast<int>(got.bytes);
    if (got.status == Status::ended) return 0;
    if (got.status == Status::blocked) ::BIO_set_retry_read(bio);
    return -1;
  }

  static int write(BIO* bio, const char* bytes, int size) {
    ::BIO_clear_retry_flags(bio);
    owner(bio).records_.append(bytes, static_cast<std::size_t>(size));
    return size;
  }

  static long control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

  static BIO_METHOD* method() {
    static BIO_METHOD* const made = [] {
      BIO_METHOD* fresh = ::BIO_meth_new(BIO_TYPE_SOURCE_SINK, "connection");
      ::BIO_meth_set_read(fresh, &read);
      ::BIO_meth_set_write(fresh, &write);
      ::BIO_meth_set_ctrl(fresh, &control);
      return fresh;
    }();
    return made;
  }
};

Transport::Transport(UniqueFd socket, std::shared_ptr<TlsContext> tls, std::string already_read)
    : socket_(std::move(socket)),
      context_(std::move(tls)),
      tls_(nullptr, &::SSL_free),
      early_(std::move(already_read)) {
  if (!context_) return;
  tls_.reset(::SSL_new(context_->get()));
  BIO* bio = ::BIO_new(Bio::method());
  ::BIO_set_data(bio, this);
  ::BIO_set_init(bio, 1);
  ::SSL_set_bio(tls_.get(), bio, bio);
  ::SSL_set_accept_state(tls_.get());
}

Transport::~Transport() = default;

void Transport::note_events(std::uint32_t events) {
  if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) readable_ = true;
  if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) end_is_near_ = true;
  if ((events & (EPOLLHUP | EPOLLERR)) != 0) hung_up_ = true;
}

Transport::Outcome Transport::receive(std::span<char> into) {
  if (!early_.empty()) {
    const std::size_t size = std::min(into.size(), early_.size());
    std::memcpy(into.data(), early_.data(), size);
    early_.erase(0, size);
    return {Status::ok, size};
  }
  if (ended_) return {Status::ended};
  if (!readable_) return {Status::blocked};
  const ssize_t got = net::receive_now(socket_.get(), into);
  if (got > 0) {
    // A short read has emptied the socket, unless what comes next is its end.
    if (static_cast<std::size_t>(got) < into.size() && !end_is_near_) readable_ = false;
    return {Status::ok, static_cast<std::size_t>(got)};
  }
  if (got == 0) {
    ended_ = true;
    return {Status::ended};
  }
  if (errno == EINTR) return {Status::blocked};  // still readable: the next turn tries again
  readable_ = false;
  return {errno == EAGAIN ? Status::blocked : Status::failed};
}

Transport::Outcome Transport::read(std::span<char> into) {
  return tls_ ? read_tls(into) : receive(into);
}

Transport::Outcome Transport::read_tls(std::span<char> into) {
  std::size_t total = 0;
  while (total < into.size() && !broken_) {
    std::size_t got = 0;
    ::ERR_clear_error();
    const int done = ::SSL_read_ex(tls_.get(), into.data() + total, into.size() - total, &got);
    total += got;
    if (done == 1) continue;
    const int why = ::SSL_get_error(tls_.get(), done);
    if (why == SSL_ERROR_WANT_READ) {
      unread_ = false;
      return {total > 0 ? Status::ok : Status::blocked, total};
    }
    // What came before the end is given first; the next read tells of the end.
    if (total > 0) break;
    unread_ = false;
    broken_ = why != SSL_ERROR_ZERO_RETURN;
    return {broken_ ? Status::failed : Status::ended};
  }
  unread_ = true;
  return {total > 0 ? Status::ok : Status::failed, total};
}

Transport::Status Transport::handshake() {
  if (!tls_ || ::SSL_is_init_finished(tls_.get()) == 1) return Status::ok;
  ::ERR_clear_error();
  const int done = ::SSL_do_handshake(tls_.get());
  const int why = ::SSL_get_error(tls_.get(), done);
  const unsigned long reason = ::ERR_peek_error();
  const Status sent = send_records();
  if (done == 1) {
    unread_ = true;
    return sent == Status::failed ? sent : Status::ok;
  }
  if (why == SSL_ERROR_WANT_READ && sent != Status::failed) return Status::blocked;
  met_plain_http_ =
      ERR_GET_LIB(reason) == ERR_LIB_SSL && ERR_GET_REASON(reason) == SSL_R_HTTP_REQUEST;
  broken_ = true;
  ::ERR_clear_error();
  return Status::failed;
}

Transport::Status Transport::send_records() {
  while (pending() > 0) {
    const ssize_t sent =
        net::send_now(socket_.get(), std::string_view(records_).substr(records_sent_));
    if (sent >= 0) {
      records_sent_ += static_cast<std::size_t>(sent);
    } else if (errno != EINTR) {
      return errno == EAGAIN ? Status::blocked : Status::failed;
    }
  }
  if (records_.capacity() > kKeptCapacity) {
    records_ = std::string();
  } else {
    records_.clear();
  }
  records_sent_ = 0;
  return Status::ok;
}

Transport::Outcome Transport::write(std::string_view bytes) {
  if (tls_) {
    if (const Status sent = send_records(); sent != Status::ok) return {sent};
    if (bytes.empty()) return {};
    if (broken_) return {Status::failed};
    std::size_t taken = 0;
    ::ERR_clear_error();
    const std::string_view part = bytes.substr(0, kWriteAtOnce);
    if (::SSL_write_ex(tls_.get(), part.data(), part.size(), &taken) != 1) {
      broken_ = true;
      return {Status::failed};
    }
    const Status sent = send_records();
    return {sent == Status::failed ? sent : Status::ok, taken};
  }
  while (!bytes.empty()) {
    const ssize_t sent = net::send_now(socket_.get(), bytes);
    if (sent >= 0) return {Status::ok, static_cast<std::size_t>(sent)};
    if (errno == EAGAIN) return {Status::blocked};
    if (errno != EINTR) return {Status::failed};
  }
  return {};
}

Transport::Outcome Transport::send_file(int file, std::size_t size) {
  while (true) {
    const ssize_t sent = ::sendfile(socket_.get(), file, nullptr, size);
    if (sent > 0) return {Status::ok, static_cast<std::size_t>(sent)};
    if (sent == 0) return {Status::ended};
    if (errno != EINTR) return {errno == EAGAIN ? Status::blocked : Status::failed};
  }
}

void Transport::end_output() {
  if (tls_ && !broken_ && ::SSL_is_init_finished(tls_.get()) == 1) {
    ::ERR_clear_error();
    ::SSL_shutdown(tls_.get());
    send_records();
    ::ERR_clear_error();
  }
  ::shutdown(socket_.get(), SHUT_WR);
}

void Transport::write_plain(std::string_view bytes) const {
  // Best effort: the connection is cut next.
  [[maybe_unused]] const ssize_t sent = net::send_now(socket_.get(), bytes);
}

}  // namespace engine::http
