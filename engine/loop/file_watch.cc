#include "loop/file_watch.hh"

#include "loop/fd_watch.hh"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace engine::loop {
namespace {

constexpr std::uint32_t kEvents = IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM |
                                  IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;

}  // namespace

struct FileWatch::Impl {
  Impl(Loop& on,
       UniqueFd inotify,
       std::vector<std::filesystem::path> watched,
       Milliseconds wait,
       UniqueFunction<void()> notice)
      : roots(std::move(watched)),
        quiet(wait),
        on_change(std::move(notice)),
        watch(on, std::move(inotify)),
        timer(on) {}

  /// Adding a directory that is watched already changes nothing, so a rescan is safe.
  Result<> add_all() {
    for (const auto& root : roots) {
      std::error_code ignored;
      if (!std::filesystem::is_directory(root, ignored)) continue;
      TRY(add(root));
      auto each = std::filesystem::recursive_directory_iterator(
          root, std::filesystem::directory_options::skip_permission_denied, ignored);
      for (; each != std::filesystem::recursive_directory_iterator(); each.increment(ignored)) {
        if (ignored) break;
        if (each->is_directory(ignored)) TRY(add(each->path()));
      }
    }
    return {};
  }

  Result<> add(const std::filesystem::path& directory) {
    if (::inotify_add_watch(watch.fd(), directory.c_str(), kEvents) >= 0) return {};
    if (errno == ENOENT || errno == ENOTDIR) return {};
    return fail_errno("watching " + directory.string());
  }

  void listen() {
    watch.wait_readable([this](Result<> ready) {
      if (!ready) return;
      drain();
      timer.start(quiet, [this] {
        (void)add_all();
        on_change();
      });
      listen();
    });
  }

  void drain() {
    alignas(inotify_event) std::array<char, 4096> block{};
    bool folders = false;
    ssize_t size = 0;
    while ((size = ::read(watch.fd(), block.data(), block.size())) > 0) {
      for (ssize_t at = 0; at < size;) {
        const auto* event = reinterpret_cast<const inotify_event*>(block.data() + at);
        folders |= (event->mask & (IN_ISDIR | IN_Q_OVERFLOW)) != 0;
        at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
      }
    }
    if (folders) (void)add_all();
  }

  std::vector<std::filesystem::path> roots;
  Milliseconds quiet;
  UniqueFunction<void()> on_change;
  FdWatch watch;
  Timer timer;
};

FileWatch::FileWatch(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
FileWatch::~FileWatch() = default;

Result<std::unique_ptr<FileWatch>> FileWatch::open(Loop& loop,
                                                   std::vector<std::filesystem::path> roots,
                                                   Milliseconds quiet,
                                                   UniqueFunction<void()> on_change) {
  UniqueFd inotify(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!inotify) return fail_errno("inotify");
  auto impl = std::make_unique<Impl>(
      loop, std::move(inotify), std::move(roots), quiet, std::move(on_change));
  TRY(impl->add_all());
  impl->listen();
  return std::unique_ptr<FileWatch>(new FileWatch(std::move(impl)));
}

}  // namespace engine::loop
