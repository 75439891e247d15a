#include "crypto/key_file.hh"

#include "base/defer.hh"
#include "base/file.hh"
#include "crypto/pem.hh"
#include "crypto/random.hh"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace engine::crypto {
namespace {

constexpr unsigned kMode = 0600;
constexpr std::size_t kMaxSize = 16384;

Result<> check_secret(int fd, const std::filesystem::path& path) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) return fail_errno("stat " + path.string());
  if (!S_ISREG(info.st_mode)) return fail(Errc::pem, path.string() + " is no regular file");
  if ((info.st_mode & 077U) == 0) return {};
  return fail(Error{.code = Errc::permission_denied,
                    .message = "others have access to the private key " + path.string(),
                    .hint = "take it from them: chmod 600 " + path.string()});
}

/// At most as much as `into` takes, in memory the caller overwrites.
Result<std::size_t> read_some(int fd, MutableBytes into, const std::filesystem::path& path) {
  std::size_t size = 0;
  while (size < into.size()) {
    const ssize_t got = ::read(fd, into.data() + size, into.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno("read " + path.string());
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  return size;
}

}  // namespace

Result<SigningKey> read_key_file(const std::filesystem::path& path) {
  // Not to wait for the writer of a pipe.
  TRY_ASSIGN(const UniqueFd fd, open_file(path, O_RDONLY | O_NONBLOCK));
  TRY(check_secret(fd.get(), path));
  std::array<std::byte, kMaxSize> content;
  const Defer forget([&] { wipe(content); });
  TRY_ASSIGN(const std::size_t size, read_some(fd.get(), content, path));
  auto key = signing_key_from_pem(as_text(ByteView(content).first(size)));
  if (!key) return fail(std::move(key).error().context("reading the key " + path.string()));
  return key;
}

Result<PublicKey> create_key_file(const std::filesystem::path& path) {
  auto fd = open_file(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, kMode);
  if (!fd) return fail(std::move(fd).error().context("creating a key"));
  const auto key = SigningKey::generate();
  std::string text = to_pem(key);
  const Defer forget([&] { wipe({reinterpret_cast<std::byte*>(text.data()), text.size()}); });
  const auto written = write_all(fd->get(), text);
  if (written && ::fsync(fd->get()) == 0) return key.public_key();
  Error error = written ? errno_error("fsync " + path.string(), errno) : written.error();
  ::unlink(path.c_str());
  return fail(std::move(error));
}

}  // namespace engine::crypto
