#include "bindings/loop_channel.hh"

#include "loop/loop.hh"
#include "script/object.hh"
#include "script/task.hh"
#include "script/thunk.hh"

#include <algorithm>
#include <cmath>
#include <deque>
#include <limits>

namespace engine::bindings {
namespace {

using script::Ref;
using script::Resumer;
using script::Vm;

/// A queue between tasks of one VM.
struct Channel {
  static constexpr const char* kLuaName = "engine.loop.Channel";

  struct Waiter {
    std::uint64_t id = 0;
    Resumer resumer;
    std::unique_ptr<loop::Timer> timer;
  };

  std::size_t capacity = std::numeric_limits<std::size_t>::max();
  std::deque<Ref> values;
  std::deque<Waiter> waiters;
  std::size_t promised = 0;  ///< values that belong to receivers woken but not yet run
  std::uint64_t next_id = 0;
  bool closed = false;
};
using Handle = std::shared_ptr<Channel>;

const Error kClosed{.code = Errc::closed, .message = "the channel is closed"};

void wake_receivers(const Handle& channel);

/// One value set aside for a woken receiver. Should its task have been cancelled meanwhile, the
/// value goes to the next.
class Promise {
 public:
  explicit Promise(Handle channel) : channel_(std::move(channel)) { ++channel_->promised; }
  Promise(Promise&&) noexcept = default;
  Promise& operator=(Promise&&) = delete;
  Promise(const Promise&) = delete;
  Promise& operator=(const Promise&) = delete;
  ~Promise() {
    if (!channel_) return;
    --channel_->promised;
    wake_receivers(channel_);
  }

  int take(lua_State* state) {
    channel_->values.front().push(state);
    channel_->values.pop_front();
    --channel_->promised;
    channel_.reset();
    return 1;
  }

 private:
  Handle channel_;
};

Resumer take_waiter(Channel& channel) {
  Resumer resumer = std::move(channel.waiters.front().resumer);
  channel.waiters.pop_front();
  return resumer;
}

void wake_receivers(const Handle& channel) {
  while (!channel->waiters.empty() && channel->values.size() > channel->promised) {
    Resumer resumer = take_waiter(*channel);
    resumer.resume(
        [promise = Promise(channel)](lua_State* state) mutable { return promise.take(state); });
  }
  while (channel->closed && !channel->waiters.empty()) {
    Resumer resumer = take_waiter(*channel);
    resumer.resume([](lua_State* state) { return script::push_failure(state, kClosed); });
  }
}

/// Takes a waiter out of the queue; gives its resumer, or nothing when it has been woken.
std::optional<Resumer> forget(Channel& channel, std::uint64_t id) {
  const auto at = std::ranges::find(channel.waiters, id, &Channel::Waiter::id);
  if (at == channel.waiters.end()) return std::nullopt;
  Resumer resumer = std::move(at->resumer);
  channel.waiters.erase(at);
  return resumer;
}

void expire(const Handle& channel, std::uint64_t id) {
  auto resumer = forget(*channel, id);
  if (!resumer) return;
  resumer->resume([](lua_State* state) {
    return script::push_failure(state, {.code = Errc::timeout, .message = "nothing came in time"});
  });
}

/// loop.channel(capacity?) → channel
int loop_channel(lua_State* state) {
  auto channel = std::make_shared<Channel>();
  if (!lua_isnoneornil(state, 1)) {
    const lua_Number capacity = luaL_checknumber(state, 1);
    if (!(capacity >= 1)) luaL_argerror(state, 1, "at least 1 expected");
    channel->capacity = static_cast<std::size_t>(std::min(capacity, 1e15));
  }
  script::push_object(state, std::move(channel));
  return 1;
}

/// channel:send(value) → true | nil, err (`closed`, `busy` when full). Does not wait.
Result<int> channel_send(lua_State* state) {
  const Handle channel = script::check_object<Channel>(state, 1);
  luaL_argcheck(state, !lua_isnoneornil(state, 2), 2, "a value expected");
  if (channel->closed) return fail(kClosed);
  if (channel->values.size() >= channel->capacity) {
    return fail(Errc::busy, "the channel is full");
  }
  lua_settop(state, 2);
  channel->values.push_back(Ref::pop(state));
  wake_receivers(channel);
  lua_pushboolean(state, 1);
  return 1;
}

/// channel:receive(timeout?) → value | nil, err (`closed`, `timeout`)   *async*
int channel_receive(lua_State* state) {
  const Handle channel = script::check_object<Channel>(state, 1);
  const double timeout = luaL_optnumber(state, 2, -1);
  if (channel->values.size() > channel->promised) return Promise(channel).take(state);
  if (channel->closed) return script::push_failure(state, kClosed);
  return script::suspend(state, [&](Resumer resumer) -> script::Cancel {
    const std::uint64_t id = ++channel->next_id;
    channel->waiters.push_back({id, std::move(resumer), nullptr});
    if (timeout >= 0) {
      auto timer = std::make_unique<loop::Timer>(Vm::of(state).loop());
      const double milliseconds = std::ceil(std::min(timeout, 1e9) * 1000);
      timer->start(Milliseconds(static_cast<std::int64_t>(milliseconds)),
                   [weak = std::weak_ptr(channel), id] {
                     if (const Handle alive = weak.lock()) expire(alive, id);
                   });
      channel->waiters.back().timer = std::move(timer);
    }
    return [weak = std::weak_ptr(channel), id] {
      if (const Handle alive = weak.lock()) forget(*alive, id);
    };
  });
}

/// channel:close(). What was sent can still be received.
int channel_close(lua_State* state) {
  const Handle channel = script::check_object<Channel>(state, 1);
  channel->closed = true;
  wake_receivers(channel);
  return 0;
}

/// #channel → values waiting
int channel_length(lua_State* state) {
  const Handle channel = script::check_object<Channel>(state, 1);
  lua_pushnumber(state, static_cast<lua_Number>(channel->values.size() - channel->promised));
  return 1;
}

constexpr luaL_Reg kMethods[] = {{"send", script::thunk<channel_send>},
                                 {"receive", script::thunk<channel_receive>},
                                 {"close", script::thunk<channel_close>},
                                 {"__len", script::thunk<channel_length>},
                                 {nullptr, nullptr}};

}  // namespace

void add_channel(lua_State* state) {
  script::define_class<Channel>(state, kMethods);
  lua_pushcfunction(state, script::thunk<loop_channel>);
  lua_setfield(state, -2, "channel");
}

}  // namespace engine::bindings
