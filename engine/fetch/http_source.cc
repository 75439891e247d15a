#include "fetch/http_source.hh"

#include "fetch/range_stream.hh"
#include "fetch/spool.hh"

#include <algorithm>
#include <mutex>
#include <optional>

namespace engine::fetch {
namespace {

// Header, root table and manifest of most packages.
constexpr std::size_t kFirstBlock = 16U << 10U;
constexpr std::size_t kLargestBlock = 1U << 20U;
// From this size on reads are expected to go on where they end.
constexpr std::size_t kStreamed = 64U << 10U;

Error no_size(const std::string& url) {
  return Error{.code = Errc::network,
               .message = "the server does not say how large " + shown_url(url) + " is",
               .hint = "download it and read the file"};
}

/// The first and last bytes of a part of the file, in memory.
struct Block {
  std::uint64_t start = 0;
  Bytes bytes = {};

  [[nodiscard]] std::uint64_t end() const { return start + bytes.size(); }
  [[nodiscard]] bool holds(std::uint64_t offset, std::size_t count) const {
    return offset >= start && offset + count <= end();
  }
  void copy(std::uint64_t offset, MutableBytes into) const {
    std::copy_n(
        bytes.begin() + static_cast<std::ptrdiff_t>(offset - start), into.size(), into.begin());
  }
};

}  // namespace

class HttpSource::Reader {
 public:
  explicit Reader(RemoteFile file) : file_(std::move(file)) {}

  [[nodiscard]] std::uint64_t size() const { return file_.size; }

  Result<> read(std::uint64_t offset, MutableBytes into) {
    const std::lock_guard lock(mutex_);
    if (!archive::lies_inside(offset, into.size(), file_.size)) {
      return fail(
          Errc::parse_s9pk,
          shown_url(file_.url) + " ends before byte " + std::to_string(offset + into.size()));
    }
    if (into.empty()) return {};
    if (spool_) return spool_->read(offset, into);
    auto done = read_ranges(offset, into);
    if (done || done.error().code != Errc::protocol_unsupported) return done;
    return spool_->read(offset, into);
  }

 private:
  Result<> read_ranges(std::uint64_t offset, MutableBytes into) {
    for (const Block& block : {std::cref(front_), std::cref(block_)}) {
      if (!block.holds(offset, into.size())) continue;
      block.copy(offset, into);
      return {};
    }
    const bool goes_on =
        stream_ && stream_->position() <= offset && offset - stream_->position() <= kStreamed;
    if (!goes_on && into.size() < kStreamed) return read_block(offset, into);
    if (!goes_on) stream_.emplace(file_, offset, file_.size);
    // Between files lie tables that were read before: cheaper to take again than to ask anew.
    Bytes skipped(static_cast<std::size_t>(offset - stream_->position()));
    TRY(receive(*stream_, skipped));
    return receive(*stream_, into);
  }

  /// Reads a part and what lies behind it: more, the longer the reader goes on.
  Result<> read_block(std::uint64_t offset, MutableBytes into) {
    const bool goes_on = !block_.bytes.empty() && offset >= block_.start && offset <= block_.end();
    ahead_ = goes_on ? std::min(ahead_ * 2, kLargestBlock) : kFirstBlock;
    const std::uint64_t wanted = std::max(into.size(), ahead_);
    Block next{.start = offset,
               .bytes = Bytes(static_cast<std::size_t>(std::min(wanted, file_.size - offset)))};
    RangeStream stream(file_, offset, next.end());
    TRY(receive(stream, next.bytes));
    next.copy(offset, into);
    (front_.bytes.empty() ? front_ : block_) = std::move(next);
    return {};
  }

  Result<> receive(RangeStream& stream, MutableBytes into) {
    auto done = stream.read(into);
    if (done) return done;
    if (auto whole = stream.take_whole()) {
      TRY_ASSIGN(spool_, Spool::make(file_, std::move(whole)));
    } else if (done.error().code == Errc::protocol_unsupported) {
      return fail(Errc::network, done.error().message);
    }
    return done;
  }

  const RemoteFile file_;
  std::mutex mutex_;
  Block front_;  ///< the first one read: header and tables are looked at again and again
  Block block_;
  std::size_t ahead_ = kFirstBlock;
  std::optional<RangeStream> stream_;
  std::unique_ptr<Spool> spool_;
};

HttpSource::HttpSource(std::unique_ptr<Reader> reader) : reader_(std::move(reader)) {}
HttpSource::~HttpSource() = default;

Result<std::shared_ptr<const HttpSource>> HttpSource::open(std::string url,
                                                           const ConnectOptions& options) {
  TRY_ASSIGN(auto pool, ConnectionPool::make());
  Retries retries(options);
  while (true) {
    auto asked = [&]() -> Result<ResponseHead> {
      TRY_ASSIGN(auto transfer, Transfer::start(pool, {.url = url, .head = true}, options));
      TRY_ASSIGN(ResponseHead head, transfer->head());
      TRY(check_status(url, head.status, 200));
      return head;
    }();
    if (!asked) {
      if (auto final = retries.failed(std::move(asked).error())) return fail(std::move(*final));
      continue;
    }
    if (!asked->length) return fail(no_size(url));
    RemoteFile file{.url = std::move(url),
                    .size = *asked->length,
                    .etag = asked->etag,
                    .last_modified = asked->last_modified,
                    .pool = std::move(pool),
                    .connect = options};
    return std::shared_ptr<const HttpSource>(
        new HttpSource(std::make_unique<Reader>(std::move(file))));
  }
}

std::uint64_t HttpSource::size() const {
  return reader_->size();
}

Result<> HttpSource::read(std::uint64_t offset, MutableBytes into) const {
  return reader_->read(offset, into);
}

}  // namespace engine::fetch
