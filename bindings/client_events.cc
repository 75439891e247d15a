#include "bindings/client_connection.hh"
#include "script/object.hh"
#include "script/task.hh"
#include "script/thunk.hh"

#include <algorithm>
#include <cmath>
#include <deque>
#include <string>
#include <utility>

namespace engine::bindings {
namespace {

using client::Notice;
using client::SubscribeFrom;
using script::Resumer;
using script::Vm;

/// Notices kept for a script that reads slowly; then the oldest events go.
constexpr std::size_t kMostKept = 1'024;

/// A subscription that one task reads.
struct Events {
  static constexpr const char* kLuaName = "engine.client.Events";

  struct Item {
    Notice::Kind kind;
    std::uint64_t number;  ///< seq of an event, count of lagged ones
    std::string text;
  };
  struct Waiter {
    Resumer resumer;
    std::unique_ptr<loop::Timer> timer;
  };

  Events() = default;
  Events(const Events&) = delete;
  Events& operator=(const Events&) = delete;
  ~Events() { leave(); }
  void leave() {
    if (connection && connection->client) connection->client->unsubscribe(id);
    connection.reset();
  }

  std::shared_ptr<ClientConnection> connection;
  client::SubscriptionId id = 0;
  std::deque<Item> items;
  std::optional<Error> end;      ///< no more comes
  std::weak_ptr<Waiter> waiter;  ///< owned by the suspended task
};
using Handle = std::shared_ptr<Events>;

void push_number_field(lua_State* state, const char* key, std::uint64_t number) {
  lua_pushnumber(state, static_cast<lua_Number>(number));
  lua_setfield(state, -2, key);
}

void push_typed(lua_State* state, const char* type) {
  lua_createtable(state, 0, 2);
  lua_pushstring(state, type);
  lua_setfield(state, -2, "type");
}

int push_item(lua_State* state, const Events::Item& item) {
  switch (item.kind) {
    case Notice::Kind::event:
      if (!script::push_json(state, item.text) || !lua_istable(state, -1)) lua_newtable(state);
      push_number_field(state, "seq", item.number);
      return 1;
    case Notice::Kind::lagged:
      push_typed(state, "lagged");
      push_number_field(state, "dropped", item.number);
      return 1;
    case Notice::Kind::gap:
    case Notice::Kind::ended:
      break;
  }
  push_typed(state, "gap");
  return 1;
}

int push_next(lua_State* state, Events& events) {
  if (!events.items.empty()) {
    const Events::Item item = std::move(events.items.front());
    events.items.pop_front();
    return push_item(state, item);
  }
  static const Error kClosed{.code = Errc::closed, .message = "the subscription was closed"};
  return script::push_failure(state, events.end ? *events.end : kClosed);
}

/// Wakes the task that waits. What it gets is taken when it runs, so that nothing is lost to one
/// that was cancelled meanwhile.
void wake(const Handle& events) {
  if (const auto waiter = std::exchange(events->waiter, {}).lock()) {
    waiter->resumer.resume([events](lua_State* state) { return push_next(state, *events); });
  }
}

void give_up(Events& events) {
  if (const auto waiter = std::exchange(events.waiter, {}).lock()) {
    waiter->resumer.resume([](lua_State* state) {
      return script::push_failure(state,
                                  {.code = Errc::timeout, .message = "no event came in time"});
    });
  }
}

void keep(Events& events, Events::Item item) {
  if (events.items.size() >= kMostKept) {
    std::uint64_t lost = 0;
    if (events.items.front().kind == Notice::Kind::lagged) {
      lost = events.items.front().number;
      events.items.pop_front();
    }
    events.items.front() = {Notice::Kind::lagged, lost + 1, {}};
  }
  events.items.push_back(std::move(item));
}

void on_notice(const Handle& events, const Notice& notice) {
  if (notice.kind == Notice::Kind::ended) {
    events->end = notice.error;
  } else {
    const bool event = notice.kind == Notice::Kind::event;
    keep(*events, {notice.kind, event ? notice.seq : notice.dropped, std::string(notice.event)});
  }
  wake(events);
}

SubscribeFrom read_from(lua_State* state, int options) {
  SubscribeFrom from;
  const double since = script::field_number(state, options, "since_seq").value_or(0);
  const double replay = script::field_number(state, options, "replay_last").value_or(0);
  if (!(since >= 0 && since < 9e15)) luaL_error(state, "since_seq must be a number of an event");
  if (!(replay >= 0 && replay <= 1'000)) luaL_error(state, "replay_last must be 0 to 1000");
  from.since_seq = static_cast<std::uint64_t>(since);
  from.replay_last = static_cast<std::uint32_t>(replay);
  return from;
}

Milliseconds wait_time(double seconds) {
  return Milliseconds(static_cast<std::int64_t>(std::ceil(std::min(seconds, 1e9) * 1000)));
}

/// events:next(timeout?) → event | nil, err   *async*
int events_next(lua_State* state) {
  const Handle events = script::check_object<Events>(state, 1);
  const double timeout = lua_isnoneornil(state, 2) ? -1 : luaL_checknumber(state, 2);
  if (!events->waiter.expired()) {
    return luaL_error(state, "another task waits for these events already");
  }
  if (!events->items.empty() || events->end) return push_next(state, *events);
  return script::suspend(state, [&](Resumer resumer) -> script::Cancel {
    auto waiter = std::make_shared<Events::Waiter>(std::move(resumer), nullptr);
    events->waiter = waiter;
    if (timeout >= 0) {
      waiter->timer = std::make_unique<loop::Timer>(Vm::of(state).loop());
      waiter->timer->start(wait_time(timeout), [weak = std::weak_ptr(events)] {
        if (const Handle alive = weak.lock()) give_up(*alive);
      });
    }
    return [waiter] {};
  });
}

/// events:close()
int events_close(lua_State* state) {
  if (const Handle events = script::check_slot<Events>(state, 1)) {
    events->leave();
    events->items.clear();
    wake(events);
  }
  return script::release_object<Events>(state);
}

constexpr luaL_Reg kMethods[] = {{"next", script::thunk<events_next>},
                                 {"close", script::thunk<events_close>},
                                 {nullptr, nullptr}};

/// `for event in events do`: raises what is no proper end.
constexpr std::string_view kIterate =
    "local next, error = ...\n"
    "return function(events)\n"
    "  local event, err = next(events)\n"
    "  if event == nil and err.code ~= 'closed' then error(err, 0) end\n"
    "  return event\n"
    "end\n";

}  // namespace

void open_client_events(lua_State* state) {
  script::define_class<Events>(state, kMethods);
  luaL_getmetatable(state, Events::kLuaName);
  luaL_loadbuffer(state, kIterate.data(), kIterate.size(), "=engine.client");
  lua_pushcfunction(state, script::thunk<events_next>);
  lua_getglobal(state, "error");
  lua_call(state, 2, 1);
  lua_setfield(state, -2, "__call");
  lua_pop(state, 1);
}

Result<int> client_events(lua_State* state) {
  const auto connection = script::check_object<ClientConnection>(state, 1);
  const SubscribeFrom from = read_from(state, 3);
  std::string filter = "{}";
  if (!lua_isnoneornil(state, 2)) {
    luaL_checktype(state, 2, LUA_TTABLE);
    TRY_ASSIGN(filter, script::to_json(state, 2));
    if (filter == "[]") filter = "{}";
  }
  auto events = std::make_shared<Events>();
  events->connection = connection;
  events->id = connection->client->subscribe(
      filter,
      from,
      [vm = Vm::of(state).watch(), weak = std::weak_ptr(events)](const Notice& notice) {
        const Handle alive = weak.lock();
        if (alive && vm.lock()) on_notice(alive, notice);
      });
  script::push_object(state, std::move(events));
  return 1;
}

}  // namespace engine::bindings
