#pragma once

#include "base/time.hh"
#include "bindings/continuation_host.hh"
#include "script/ref.hh"
#include "script/task.hh"
#include "script/vm.hh"

#include <lua.hpp>

#include <memory>
#include <optional>
#include <string>

namespace engine::bindings {

/// A reservation on the thread of its VM: a task waits in it, so that the VM lives until a client
/// has come or the time is over.
struct Waiting {
  static constexpr const char* kLuaName = "engine.continuation.Waiting";
  Waiting(script::Vm& vm, ContinuationHost& by) : host(by), timer(vm.loop()) {}

  ContinuationHost& host;
  std::string guid;
  script::Ref serve;  ///< the script's function
  loop::Timer timer;
  std::optional<script::Resumer> resumer;
  std::shared_ptr<void> stream;  ///< of the kind that was reserved, once a client has come
  bool over = false;

  void end();
};

/// Goes to the host and comes back to the VM's loop with the stream, or without when it is dropped.
class Opener {
 public:
  Opener(loop::Loop& home, std::weak_ptr<Waiting> waiting)
      : home_(&home), waiting_(std::move(waiting)) {}
  Opener(Opener&& other) noexcept
      : home_(std::exchange(other.home_, nullptr)), waiting_(std::move(other.waiting_)) {}
  Opener& operator=(Opener&&) = delete;
  Opener(const Opener&) = delete;
  Opener& operator=(const Opener&) = delete;
  ~Opener() { (*this)(nullptr); }

  void operator()(std::shared_ptr<void> stream);

 private:
  loop::Loop* home_;
  std::weak_ptr<Waiting> waiting_;
};

/// The arguments (options, serve) of the call. Raises when they do not fit.
struct Reservation {
  std::shared_ptr<Waiting> waiting;
  std::string session;
  Milliseconds ttl{};
};
Reservation check_reservation(lua_State* state);

/// Begins to wait; `then` runs on the VM's thread when a client has come. REQUIRES: `guid` is set.
void start_waiting(script::Vm& vm,
                   const Reservation& reservation,
                   void (*then)(script::Vm&, const std::shared_ptr<Waiting>&));
void define_waiting(lua_State* state);

/// A task that serves a stream may take all the time it wants, but not without yielding.
inline constexpr script::Limits kServeLimits{.deadline = script::kForever};

/// Why a task that served a stream failed: it raised, or returned `nil, err`. A traceback goes to
/// the log, never to the client.
std::optional<Error> failure_of(const script::Outcome& outcome);

/// continuation.rest(options, serve) → guid | nil, err
Result<int> continuation_rest(lua_State* state);
void define_request(lua_State* state);

}  // namespace engine::bindings
