#include "loop/loop_thread.hh"

#include <pthread.h>

namespace engine::loop {
namespace {

constexpr std::size_t kLongestThreadName = 15;

}  // namespace

LoopThread::LoopThread(std::string name)
    : loop_(std::move(name)), thread_([this] {
        pthread_setname_np(pthread_self(), loop_.name().substr(0, kLongestThreadName).c_str());
        loop_.run();
      }) {}

void LoopThread::stop() {
  if (!thread_.joinable()) return;
  // A thread that has not come as far as running its loop would miss the stop.
  loop_.post([this] { loop_.stop(); });
  thread_.join();
}

}  // namespace engine::loop
