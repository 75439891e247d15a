#include "ns/line_reader.hh"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>
#include <vector>

namespace engine::ns {

struct LineReader::Impl {
  Impl(loop::Loop& loop,
       UniqueFd pipe,
       UniqueFunction<void(std::string_view)> line,
       UniqueFunction<void()> end)
      : watch(loop, std::move(pipe)), on_line(std::move(line)), on_end(std::move(end)) {}

  loop::FdWatch watch;
  UniqueFunction<void(std::string_view)> on_line;
  UniqueFunction<void()> on_end;
  std::string partial;
  bool closed = false;

  static void wait(const std::shared_ptr<Impl>& self) {
    self->watch.wait_readable([weak = std::weak_ptr(self)](Result<> ready) {
      const auto impl = weak.lock();
      if (!impl || impl->closed) return;
      if (!ready || !impl->take()) return impl->finish();
      if (!impl->closed) wait(impl);
    });
  }

  // False at the end of the stream.
  bool take() {
    std::vector<char> block(kBlock);
    const ssize_t got = ::read(watch.fd(), block.data(), block.size());
    if (got < 0) return errno == EINTR || errno == EAGAIN;
    if (got == 0) return false;
    partial.append(block.data(), static_cast<std::size_t>(got));
    split();
    return true;
  }

  void split() {
    std::size_t from = 0;
    while (!closed) {
      const auto end = partial.find('\n', from);
      if (end != std::string::npos && end - from <= kMaxLine) {
        on_line(std::string_view(partial).substr(from, end - from));
        from = end + 1;
      } else if (partial.size() - from > kMaxLine) {
        on_line(std::string_view(partial).substr(from, kMaxLine));
        from += kMaxLine;
      } else {
        break;
      }
    }
    partial.erase(0, from);
  }

  void finish() {
    if (!partial.empty()) on_line(std::exchange(partial, {}));
    if (std::exchange(closed, true)) return;
    if (on_end) on_end();
  }
};

LineReader::LineReader(loop::Loop& loop,
                       UniqueFd pipe,
                       UniqueFunction<void(std::string_view)> on_line,
                       UniqueFunction<void()> on_end) {
  ::fcntl(pipe.get(), F_SETFL, ::fcntl(pipe.get(), F_GETFL) | O_NONBLOCK);
  impl_ = std::make_shared<Impl>(loop, std::move(pipe), std::move(on_line), std::move(on_end));
  Impl::wait(impl_);
}

LineReader::~LineReader() {
  impl_->closed = true;
}

}  // namespace engine::ns
