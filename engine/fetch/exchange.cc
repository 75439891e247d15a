#include "fetch/exchange.hh"

#include "archive/source.hh"

#include <algorithm>
#include <array>

namespace engine::fetch {
namespace {

constexpr std::size_t kMaxAnswer = 1U << 20U;

Result<std::string> read_all(Transfer& transfer) {
  std::string body;
  std::array<std::byte, 16384> piece{};
  while (true) {
    TRY_ASSIGN(const std::size_t got, transfer.read(piece));
    if (got == 0) return body;
    body += as_text(ByteView(piece).first(got));
    if (body.size() > kMaxAnswer) return fail(Errc::network, "the answer is longer than 1 MiB");
  }
}

}  // namespace

Result<Answer> exchange(const Upload& upload, const ConnectOptions& options) {
  Request request{.url = upload.url, .method = upload.method, .headers = upload.headers};
  std::shared_ptr<const archive::FileSource> file;
  std::uint64_t sent = 0;
  if (upload.file.empty()) {
    request.body = upload.body;
  } else {
    TRY_ASSIGN(file, archive::FileSource::open(upload.file));
    request.upload_size = file->size();
    request.upload = [&](MutableBytes into) -> Result<std::size_t> {
      const auto count =
          static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), file->size() - sent));
      TRY(file->read(sent, into.first(count)));
      sent += count;
      if (upload.progress) upload.progress(sent, file->size());
      return count;
    };
  }
  TRY_ASSIGN(auto pool, ConnectionPool::make());
  TRY_ASSIGN(const auto transfer, Transfer::start(std::move(pool), request, options));
  TRY_ASSIGN(const ResponseHead head, transfer->head());
  TRY_ASSIGN(std::string body, read_all(*transfer));
  return Answer{.status = head.status, .body = std::move(body)};
}

}  // namespace engine::fetch
