#include "fetch/range_stream.hh"

#include <array>
#include <chrono>
#include <thread>

namespace engine::fetch {
namespace {

constexpr std::chrono::milliseconds kFirstPause{100};

Error liar(const std::string& url, const std::string& what) {
  return Error{.code = Errc::network,
               .message = "the server's answer for " + shown_url(url) + " cannot be used: " + what,
               .hint = "get the package from another address, or download it and read the file"};
}

bool is_passing(long status) {
  return status == 429 || status == 502 || status == 503 || status == 504;
}

/// Whether it may help to ask again.
bool may_pass(const Error& error) {
  return error.code == Errc::connection_lost || error.code == Errc::busy ||
         error.code == Errc::timeout;
}

std::string show(const ContentRange& range) {
  const std::string total = range.total ? std::to_string(*range.total) : "*";
  return std::to_string(range.first) + "-" + std::to_string(range.last) + "/" + total;
}

}  // namespace

Result<> check_status(const std::string& url, long status, long wanted) {
  if (status == wanted) return {};
  const bool gone = status == 404 || status == 410;
  return fail(Error{.code = gone                 ? Errc::not_found
                            : is_passing(status) ? Errc::busy
                                                 : Errc::network,
                    .message = "reading " + shown_url(url) + ": the server answers with status " +
                               std::to_string(status),
                    .hint = gone ? "check the address" : "try again later, or another address"});
}

void Retries::progress() {
  left_ = limit_;
}

std::optional<Error> Retries::failed(Error error) {
  // A server that is always just fast enough not to be given up would never be.
  const bool too_slow = error.code == Errc::timeout && ++timeouts_ > limit_;
  if (!may_pass(error) || left_ == 0 || too_slow) {
    if (error.code == Errc::connection_lost) error.code = Errc::network;
    return error;
  }
  // The first time at once: the connection may just have been old.
  if (left_ < limit_) std::this_thread::sleep_for(kFirstPause * (1U << (limit_ - left_)));
  --left_;
  return std::nullopt;
}

Result<> RemoteFile::check_same(const ResponseHead& head) const {
  if (head.encoded) return fail(liar(url, "the content is encoded, though nobody asked for it"));
  if (head.etag != etag || head.last_modified != last_modified) {
    return fail(liar(url, "the file has changed while it was read"));
  }
  return {};
}

Result<> RangeStream::check_head(const ResponseHead& head) const {
  TRY(check_status(file_.url, head.status, 206));
  TRY(file_.check_same(head));
  const ContentRange wanted{.first = at_, .last = end_ - 1, .total = file_.size};
  if (!head.range) return fail(liar(file_.url, "a part without a readable Content-Range"));
  ContentRange given = *head.range;
  if (!given.total) given.total = file_.size;
  if (given != wanted) {
    return fail(liar(file_.url, "bytes " + show(given) + " instead of " + show(wanted)));
  }
  if (head.length && *head.length != end_ - at_) {
    return fail(liar(file_.url,
                     "a part of " + std::to_string(*head.length) + " bytes instead of " +
                         std::to_string(end_ - at_)));
  }
  return {};
}

Result<> RangeStream::open() {
  TRY_ASSIGN(transfer_,
             Transfer::start(
                 file_.pool, {.url = file_.url, .first = at_, .last = end_ - 1}, file_.connect));
  TRY_ASSIGN(const ResponseHead head, transfer_->head());
  if (head.status == 200) {
    TRY(file_.check_same(head));
    whole_ = std::move(transfer_);
    return fail(Errc::protocol_unsupported,
                "the server does not send ranges of " + shown_url(file_.url));
  }
  return check_head(head);
}

Result<std::size_t> RangeStream::read_some(MutableBytes into) {
  if (!transfer_) TRY(open());
  TRY_ASSIGN(const std::size_t got, transfer_->read(into));
  if (got == 0) {
    return fail(
        Errc::connection_lost,
        "the server ended " + shown_url(file_.url) + " before byte " + std::to_string(end_));
  }
  return got;
}

Result<> RangeStream::read(MutableBytes into) {
  Retries retries(file_.connect);
  while (!into.empty()) {
    auto got = read_some(into);
    if (got) {
      at_ += *got;
      into = into.subspan(*got);
      retries.progress();
      continue;
    }
    transfer_.reset();
    if (auto final = retries.failed(std::move(got).error())) return fail(std::move(*final));
  }
  if (at_ < end_ || !transfer_) return {};
  // The range is complete: what else comes was not asked for.
  std::array<std::byte, 1> more{};
  const auto extra = transfer_->read(more);
  transfer_.reset();
  if (extra && *extra > 0) {
    return fail(liar(file_.url, "more bytes than were asked for"));
  }
  return {};
}

}  // namespace engine::fetch
