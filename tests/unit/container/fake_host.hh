#pragma once

#include "base/unique_fd.hh"
#include "json/value.hh"

#include <atomic>
#include <filesystem>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

/// The host's end of host.sock: records every effect and answers from a function. Thread of its
/// own.
class FakeHost {
 public:
  struct Call {
    std::string method;
    engine::json::Value params;
  };
  using Answer = std::function<engine::json::Value(const Call&)>;

  FakeHost(const std::filesystem::path& socket, Answer answer);
  FakeHost(const FakeHost&) = delete;
  FakeHost& operator=(const FakeHost&) = delete;
  ~FakeHost();

  /// All calls of `method` so far, in order; all calls for an empty name.
  [[nodiscard]] std::vector<Call> calls(const std::string& method = {}) const;

 private:
  void serve();
  bool take(int connection, std::string& buffer);

  Answer answer_;
  engine::UniqueFd listener_;
  std::atomic<bool> stopping_ = false;
  mutable std::mutex mutex_;
  std::vector<Call> calls_;
  std::thread thread_;
};
