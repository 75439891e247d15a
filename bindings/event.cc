#include "bindings/modules.hh"
#include "event/connection_sinks.hh"
#include "event/queue.hh"
#include "script/object.hh"
#include "script/task.hh"
#include "script/thunk.hh"

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>

namespace engine::bindings {
namespace {

using event::ConnectionSinks;
using event::Event;
using event::Filter;
using event::Queue;
using event::RecordPtr;
using event::Ring;
using script::Resumer;
using script::Vm;

template <typename Service>
Result<Service*> service(lua_State* state) {
  Service* found = Vm::of(state).services().template find<Service>();
  if (found == nullptr) return fail(Errc::not_found, "this program has no events");
  return found;
}

Result<Filter> read_filter(lua_State* state, int index) {
  if (lua_isnoneornil(state, index)) return Filter{};
  luaL_checktype(state, index, LUA_TTABLE);
  TRY_ASSIGN(const json::Value value, script::to_value(state, index));
  return Filter::from_json(value);
}

event::Start read_start(lua_State* state, int index) {
  event::Start start;
  start.since = static_cast<std::uint64_t>(
      std::max(script::field_number(state, index, "since").value_or(0), 0.0));
  start.replay_last = static_cast<std::size_t>(
      std::clamp(script::field_number(state, index, "replay_last").value_or(0), 0.0, 1'000.0));
  return start;
}

/// Pushes the event as a table with its `seq`; `lagged` when events were lost before it.
int push_record(lua_State* state, const event::Record& record, std::size_t lagged) {
  if (!script::push_json(state, record.text)) lua_newtable(state);
  lua_pushnumber(state, static_cast<lua_Number>(record.seq));
  lua_setfield(state, -2, "seq");
  if (lagged > 0) {
    lua_pushnumber(state, static_cast<lua_Number>(lagged));
    lua_setfield(state, -2, "lagged");
  }
  return 1;
}

// --- publishing and reading ---------------------------------------------------------------------

/// event.publish{type=…, level?, target?, job?, package?, path?, data?} → seq | nil, err
Result<int> event_publish(lua_State* state) {
  luaL_checktype(state, 1, LUA_TTABLE);
  const auto field = [state](const char* name) {
    return script::field_string(state, 1, name).value_or("");
  };
  Event made{.type = field("type")};
  if (made.type.empty()) luaL_argerror(state, 1, "a `type` expected");
  if (const std::string level = field("level"); !level.empty()) {
    made.level = log::level_from_name(level);
  }
  made.target = field("target");
  made.job = field("job");
  made.package = field("package");
  made.path = field("path");
  lua_getfield(state, 1, "data");
  if (!lua_isnil(state, -1)) {
    TRY_ASSIGN(made.data, script::to_json(state, lua_gettop(state)));
  }
  TRY_ASSIGN(Ring* const ring, service<Ring>(state));
  lua_pushnumber(state, static_cast<lua_Number>(ring->publish(std::move(made))));
  return 1;
}

/// event.read(filter?, since?, limit?) → {events, next, gap} | nil, err
Result<int> event_read(lua_State* state) {
  const auto since = static_cast<std::uint64_t>(std::max(luaL_optnumber(state, 2, 0), 0.0));
  const auto limit =
      static_cast<std::size_t>(std::clamp(luaL_optnumber(state, 3, 100), 1.0, 10'000.0));
  TRY_ASSIGN(const Filter filter, read_filter(state, 1));
  TRY_ASSIGN(Ring* const ring, service<Ring>(state));
  const Ring::Page page = ring->read(filter, since, limit);
  lua_createtable(state, 0, 3);
  lua_createtable(state, static_cast<int>(page.records.size()), 0);
  script::mark_array(state);
  for (std::size_t i = 0; i < page.records.size(); ++i) {
    push_record(state, *page.records[i], 0);
    lua_rawseti(state, -2, static_cast<int>(i) + 1);
  }
  lua_setfield(state, -2, "events");
  lua_pushnumber(state, static_cast<lua_Number>(page.next));
  lua_setfield(state, -2, "next");
  lua_pushboolean(state, page.gap ? 1 : 0);
  lua_setfield(state, -2, "gap");
  return 1;
}

// --- subscriptions of connections ---------------------------------------------------------------

/// event.subscribe(connection, filter?, opts?) → sub, {next, replayed, gap} | nil, err
Result<int> event_subscribe(lua_State* state) {
  const auto connection = static_cast<std::uint64_t>(luaL_checknumber(state, 1));
  const event::Start start = read_start(state, 3);
  TRY_ASSIGN(Filter filter, read_filter(state, 2));
  TRY_ASSIGN(ConnectionSinks* const sinks, service<ConnectionSinks>(state));
  TRY_ASSIGN(const Ring::Subscribed made, sinks->subscribe(connection, std::move(filter), start));
  lua_pushnumber(state, static_cast<lua_Number>(made.id));
  lua_createtable(state, 0, 3);
  lua_pushnumber(state, static_cast<lua_Number>(made.next));
  lua_setfield(state, -2, "next");
  lua_pushnumber(state, static_cast<lua_Number>(made.replayed));
  lua_setfield(state, -2, "replayed");
  lua_pushboolean(state, made.gap ? 1 : 0);
  lua_setfield(state, -2, "gap");
  return 2;
}

/// event.unsubscribe(connection, sub) → boolean | nil, err
Result<int> event_unsubscribe(lua_State* state) {
  const auto connection = static_cast<std::uint64_t>(luaL_checknumber(state, 1));
  const auto subscription = static_cast<std::uint64_t>(luaL_checknumber(state, 2));
  TRY_ASSIGN(ConnectionSinks* const sinks, service<ConnectionSinks>(state));
  lua_pushboolean(state, sinks->unsubscribe(connection, subscription) ? 1 : 0);
  return 1;
}

// --- listeners of tasks -------------------------------------------------------------------------

/// A subscription that one task of the VM reads.
struct Listener {
  static constexpr const char* kLuaName = "engine.event.Listener";

  struct Waiter {
    Resumer resumer;
    std::unique_ptr<loop::Timer> timer;
  };
  std::unique_ptr<Queue> queue;
  std::weak_ptr<Waiter> waiter;  ///< owned by the suspended task
};
using Handle = std::shared_ptr<Listener>;

void end_wait(Listener& listener, Errc reason, std::string message) {
  if (const auto waiter = std::exchange(listener.waiter, {}).lock()) {
    waiter->resumer.resume([reason, message = std::move(message)](lua_State* state) {
      return script::push_failure(state, {.code = reason, .message = message});
    });
  }
}

/// Gives the next event to the task that waits. On the VM's loop.
void deliver(const Handle& listener) {
  const auto waiter = listener->waiter.lock();
  if (!waiter || !listener->queue || listener->queue->empty()) return;
  listener->waiter.reset();
  // Taken when the task runs, so that an event is not lost to one that was cancelled meanwhile.
  waiter->resumer.resume([listener](lua_State* state) {
    const RecordPtr record = listener->queue ? listener->queue->take() : nullptr;
    if (record) return push_record(state, *record, listener->queue->lagged());
    return script::push_failure(state,
                                {.code = Errc::closed, .message = "the listener was closed"});
  });
}

/// event.listen(filter?, opts?) → listener | nil, err
Result<int> event_listen(lua_State* state) {
  const event::Start start = read_start(state, 2);
  TRY_ASSIGN(Filter filter, read_filter(state, 1));
  TRY_ASSIGN(Ring* const ring, service<Ring>(state));
  auto listener = std::make_shared<Listener>();
  // Runs on the publisher's thread: only the posted part may touch the listener.
  auto wake = [loop = &Vm::of(state).loop(), weak = std::weak_ptr(listener)] {
    loop->post([weak] {
      if (const Handle alive = weak.lock()) deliver(alive);
    });
  };
  listener->queue = std::make_unique<Queue>(*ring, std::move(filter), std::move(wake), start);
  script::push_object(state, std::move(listener));
  return 1;
}

/// listener:next(timeout?) → event | nil, err (`timeout`, `closed`)   *async*
int listener_next(lua_State* state) {
  const Handle listener = script::check_object<Listener>(state, 1);
  const double timeout = luaL_optnumber(state, 2, -1);
  if (!listener->waiter.expired()) {
    return luaL_error(state, "another task waits for this listener already");
  }
  if (const RecordPtr record = listener->queue->take()) {
    return push_record(state, *record, listener->queue->lagged());
  }
  return script::suspend(state, [&](Resumer resumer) -> script::Cancel {
    auto waiter = std::make_shared<Listener::Waiter>(std::move(resumer), nullptr);
    listener->waiter = waiter;
    if (timeout >= 0) {
      waiter->timer = std::make_unique<loop::Timer>(Vm::of(state).loop());
      const double milliseconds = std::ceil(std::min(timeout, 1e9) * 1000);
      waiter->timer->start(Milliseconds(static_cast<std::int64_t>(milliseconds)),
                           [weak = std::weak_ptr(listener)] {
                             if (const Handle alive = weak.lock()) {
                               end_wait(*alive, Errc::timeout, "no event came in time");
                             }
                           });
    }
    return [waiter] {};
  });
}

/// listener:gap() → boolean: events after `since` were gone already
int listener_gap(lua_State* state) {
  lua_pushboolean(state, script::check_object<Listener>(state, 1)->queue->gap() ? 1 : 0);
  return 1;
}

/// listener:close()
int listener_close(lua_State* state) {
  if (const Handle& listener = script::check_slot<Listener>(state, 1)) {
    end_wait(*listener, Errc::closed, "the listener was closed");
    listener->queue.reset();
  }
  return script::release_object<Listener>(state);
}

constexpr luaL_Reg kListenerMethods[] = {{"next", script::thunk<listener_next>},
                                         {"gap", script::thunk<listener_gap>},
                                         {"close", script::thunk<listener_close>},
                                         {nullptr, nullptr}};

constexpr luaL_Reg kFunctions[] = {{"publish", script::thunk<event_publish>},
                                   {"read", script::thunk<event_read>},
                                   {"subscribe", script::thunk<event_subscribe>},
                                   {"unsubscribe", script::thunk<event_unsubscribe>},
                                   {"listen", script::thunk<event_listen>},
                                   {nullptr, nullptr}};

}  // namespace

int open_event(lua_State* state) {
  script::define_class<Listener>(state, kListenerMethods);
  luaL_newlib(state, kFunctions);
  return 1;
}

}  // namespace engine::bindings
