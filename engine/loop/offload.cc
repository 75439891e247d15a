#include "loop/offload.hh"

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

namespace engine::loop {

struct OffloadPool::Impl {
  std::mutex mutex;
  std::condition_variable wake;
  std::deque<UniqueFunction<void()>> queue;
  bool closing = false;
  std::size_t most = 0;
  int niceness = 0;
  std::size_t idle = 0;  ///< threads that wait
  std::vector<std::thread> threads;

  void work() {
    // Signals belong to the loops.
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
    // On Linux this is the calling thread alone.
    if (niceness > 0) ::setpriority(PRIO_PROCESS, 0, ::getpriority(PRIO_PROCESS, 0) + niceness);
    while (true) {
      UniqueFunction<void()> next;
      {
        std::unique_lock lock(mutex);
        ++idle;
        wake.wait(lock, [this] { return closing || !queue.empty(); });
        --idle;
        if (closing) return;
        next = std::move(queue.front());
        queue.pop_front();
      }
      next();
    }
  }
};

OffloadPool::OffloadPool(std::size_t threads, int niceness) : impl_(std::make_unique<Impl>()) {
  impl_->most = threads;
  impl_->niceness = niceness;
}

OffloadPool::~OffloadPool() {
  std::deque<UniqueFunction<void()>> dropped;
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->closing = true;
    dropped.swap(impl_->queue);
  }
  impl_->wake.notify_all();
  for (std::thread& thread : impl_->threads)
    thread.join();
}

void OffloadPool::submit(UniqueFunction<void()> work) {
  {
    const std::lock_guard lock(impl_->mutex);
    if (impl_->closing) return;
    impl_->queue.push_back(std::move(work));
    if (impl_->queue.size() > impl_->idle && impl_->threads.size() < impl_->most) {
      impl_->threads.emplace_back([impl = impl_.get()] { impl->work(); });
    }
  }
  impl_->wake.notify_one();
}

}  // namespace engine::loop
