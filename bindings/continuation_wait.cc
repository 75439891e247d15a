#include "base/log.hh"
#include "bindings/continuation.hh"
#include "script/object.hh"
#include "script/thunk.hh"

#include <cmath>

namespace engine::bindings {
namespace {

using script::Resumer;
using script::Vm;

constexpr double kDefaultTtl = 30;
constexpr int kLongestTtl = 3'600;

/// The body of the waiting task.
int wait_for_client(lua_State* state) {
  const auto waiting = script::check_object<Waiting>(state, 1);
  if (waiting->over) return 0;
  return script::suspend(state, [&](Resumer resumer) -> script::Cancel {
    waiting->resumer.emplace(std::move(resumer));
    return [waiting] {
      waiting->over = true;
      waiting->timer.cancel();
      waiting->resumer.reset();
      waiting->host.remove(waiting->guid);
    };
  });
}

}  // namespace

void Waiting::end() {
  over = true;
  timer.cancel();
  if (auto waiter = std::exchange(resumer, std::nullopt)) {
    waiter->resume([](lua_State*) { return 0; });
  }
}

void Opener::operator()(std::shared_ptr<void> stream) {
  if (home_ == nullptr) return;
  std::exchange(home_, nullptr)
      ->post([waiting = std::move(waiting_), stream = std::move(stream)]() mutable {
        const auto alive = waiting.lock();
        if (!alive || alive->over) return;
        alive->stream = std::move(stream);
        alive->end();
      });
}

Reservation check_reservation(lua_State* state) {
  luaL_checktype(state, 1, LUA_TTABLE);
  luaL_checktype(state, 2, LUA_TFUNCTION);
  const double ttl = script::field_number(state, 1, "ttl").value_or(kDefaultTtl);
  if (!(ttl > 0) || ttl > kLongestTtl) {
    luaL_error(state, "option 'ttl' must be more than 0 and at most %d seconds", kLongestTtl);
  }
  auto* host = Vm::of(state).services().find<ContinuationHost>();
  if (host == nullptr) luaL_error(state, "engine.continuation: this program serves nobody");
  Reservation made{.waiting = std::make_shared<Waiting>(Vm::of(state), *host),
                   .session = script::field_string(state, 1, "session").value_or(""),
                   .ttl = Milliseconds(static_cast<std::int64_t>(std::ceil(ttl * 1'000)))};
  lua_pushvalue(state, 2);
  made.waiting->serve = script::Ref::pop(state);
  return made;
}

void start_waiting(Vm& vm,
                   const Reservation& reservation,
                   void (*then)(Vm&, const std::shared_ptr<Waiting>&)) {
  const auto& waiting = reservation.waiting;
  waiting->timer.start(reservation.ttl, [weak = std::weak_ptr(waiting)] {
    const auto alive = weak.lock();
    if (alive && alive->host.remove(alive->guid)) alive->end();
  });
  vm.loop().post([weak = vm.watch(), waiting, then] {
    const auto alive = weak.lock();
    if (!alive) return;
    lua_State* state = (*alive)->state();
    lua_pushcfunction(state, script::thunk<&wait_for_client>);
    (*alive)->spawn(
        script::Ref::pop(state),
        [waiting](lua_State* to) {
          script::push_object(to, waiting);
          return 1;
        },
        kServeLimits,
        [waiting, then, weak](const script::Outcome&) {
          const auto still = weak.lock();
          if (still && waiting->stream) then(**still, waiting);
        },
        "continuation");
  });
}

void define_waiting(lua_State* state) {
  static const luaL_Reg none[] = {{nullptr, nullptr}};
  script::define_class<Waiting>(state, none);
}

std::optional<Error> failure_of(const script::Outcome& outcome) {
  if (!outcome.status) {
    Error error = outcome.status.error();
    if (error.debug.empty()) return error;
    log::error("script", "a continuation failed: " + error.message, {{"traceback", error.debug}});
    return Error{.code = error.code, .message = "the handler failed"};
  }
  const int first = lua_gettop(outcome.state) - outcome.results + 1;
  if (outcome.results < 2 || !lua_isnil(outcome.state, first) ||
      lua_isnil(outcome.state, first + 1)) {
    return std::nullopt;
  }
  return script::to_error(outcome.state, first + 1);
}

}  // namespace engine::bindings
