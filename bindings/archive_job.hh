#pragma once

#include "archive/archive.hh"
#include "base/time.hh"
#include "json/value.hh"
#include "script/ref.hh"
#include "script/task.hh"

#include "fetch/transfer.hh"
#include <lua.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <utility>

namespace engine::bindings {

// What the functions of engine.archive and engine.fetch share: work on the offload pool that can be
// cancelled and reports progress. Private to them.

using ProgressCall = std::function<void(std::uint64_t done, std::uint64_t total)>;

/// A script's progress function. Only the VM's thread owns it; pool threads hold weak pointers and
/// post to the loop.
struct ProgressTarget {
  script::Vm& vm;
  script::Ref function;

  /// Calls the function; it may not yield, and its errors are dropped.
  void call(std::uint64_t done, std::uint64_t total);
};

/// The field `progress` of the options table at `options`, or null. Raises if it is no function.
std::shared_ptr<ProgressTarget> progress_at(lua_State* state, int options);

/// Hands figures from any thread to the script, at most ten times a second and at the end. Not
/// thread-safe itself: the caller makes one call at a time.
ProgressCall forward_progress(const std::shared_ptr<ProgressTarget>& target);

/// The field `threads`, or one thread per processor.
unsigned threads_at(lua_State* state, int options);

/// How a server is to be reached: the fields `cacert` (a file) and `timeout` (seconds).
fetch::ConnectOptions connect_at(lua_State* state, int options);

/// Sets a field of the table on top of the stack.
void set_count(lua_State* state, const char* name, std::uint64_t value);

/// Pushes {rootSighash, rootSighashHex, rootMaxsize} and returns 1.
int push_commitment(lua_State* state, const archive::Commitment& commitment);

/// An opened package as scripts hold it. Shared with the pool while it works on it.
struct Package {
  static constexpr const char* kLuaName = "engine.archive.Package";
  std::shared_ptr<const archive::Archive> archive;
  Result<json::Value> manifest;
};

// In archive_write.cc.
int archive_write(lua_State* state);
int archive_seal(lua_State* state);
int package_rewrite(lua_State* state);

// In archive_legacy.cc.
int archive_open_legacy(lua_State* state);
int archive_open_legacy_url(lua_State* state);
/// The class of what they give.
void define_legacy(lua_State* state);

template <typename T>
struct Job {
  UniqueFunction<Result<T>(std::stop_token)> work;
  UniqueFunction<int(lua_State*, T&&)> push;
  std::shared_ptr<ProgressTarget> progress = nullptr;  ///< kept alive until the work is done
};

/// Runs a job on the offload pool; cancelling the task stops the work soon.
template <typename T>
int run_job(lua_State* state, Job<T> job) {
  std::stop_source stop;
  auto work = [work = std::move(job.work), token = stop.get_token()]() mutable {
    return work(token);
  };
  auto push = [push = std::move(job.push), progress = std::move(job.progress)](
                  lua_State* target, T&& value) mutable { return push(target, std::move(value)); };
  auto* pool = script::offload_pool(state);
  if (pool == nullptr) return script::offload<T>(state, std::move(work), std::move(push));
  return script::suspend(state, [&](script::Resumer resumer) -> script::Cancel {
    pool->run<T>(script::Vm::of(state).loop(),
                 std::move(work),
                 script::Resumer::completion<T>(std::move(resumer), std::move(push)));
    return [stop]() mutable { stop.request_stop(); };
  });
}

}  // namespace engine::bindings
