#include "fetch/spool.hh"

#include "archive/sink.hh"
#include "base/file.hh"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

namespace engine::fetch {
namespace {

constexpr std::size_t kBuffer = 256U << 10U;

Result<UniqueFd> nameless_file() {
  std::error_code none;
  auto folder = std::filesystem::temp_directory_path(none);
  if (none) folder = "/tmp";
  return open_file(folder, O_TMPFILE | O_RDWR, 0600);
}

}  // namespace

Spool::Spool(const RemoteFile& file, std::unique_ptr<Transfer> transfer, UniqueFd fd)
    : file_(file), transfer_(std::move(transfer)), fd_(std::move(fd)), buffer_(kBuffer) {}

Result<std::unique_ptr<Spool>> Spool::make(const RemoteFile& file,
                                           std::unique_ptr<Transfer> transfer) {
  TRY_ASSIGN(UniqueFd fd, nameless_file());
  return std::unique_ptr<Spool>(new Spool(file, std::move(transfer), std::move(fd)));
}

Result<> Spool::restart() {
  TRY_ASSIGN(transfer_, Transfer::start(file_.pool, {.url = file_.url}, file_.connect));
  TRY_ASSIGN(const ResponseHead head, transfer_->head());
  TRY(check_status(file_.url, head.status, 200));
  TRY(file_.check_same(head));
  skip_ = have_;
  return {};
}

/// Takes what comes next.
Result<> Spool::receive() {
  if (!transfer_) TRY(restart());
  const std::uint64_t room = skip_ > 0 ? skip_ : file_.size - have_;
  const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(room, buffer_.size()));
  TRY_ASSIGN(const std::size_t got, transfer_->read(MutableBytes(buffer_).first(count)));
  if (got == 0) {
    return fail(
        Errc::connection_lost,
        "the server ended " + shown_url(file_.url) + " before byte " + std::to_string(file_.size));
  }
  if (skip_ > 0) {
    skip_ -= got;
    return {};
  }
  archive::FileSink sink(fd_.get());
  TRY(sink.write(have_, ByteView(buffer_).first(got)));
  have_ += got;
  return {};
}

Result<> Spool::read_until(std::uint64_t end) {
  Retries retries(file_.connect);
  while (have_ < end) {
    const std::uint64_t before = have_;
    auto received = receive();
    // Bytes that were there already are no progress: a server that always breaks at the same place
    // would be asked for ever.
    if (have_ > before) retries.progress();
    if (received) continue;
    transfer_.reset();
    if (auto final = retries.failed(std::move(received).error())) return fail(std::move(*final));
  }
  return {};
}

Result<> Spool::read(std::uint64_t offset, MutableBytes into) {
  TRY(read_until(offset + into.size()));
  while (!into.empty()) {
    const ssize_t got = ::pread(fd_.get(), into.data(), into.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return fail_errno("reading a temporary file");
    into = into.subspan(static_cast<std::size_t>(got));
    offset += static_cast<std::uint64_t>(got);
  }
  return {};
}

}  // namespace engine::fetch
