#include "bindings/log_fields.hh"
#include "bindings/modules.hh"
#include "event/connection_sinks.hh"
#include "event/log_ring.hh"
#include "script/object.hh"
#include "script/task.hh"
#include "script/thunk.hh"

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>

namespace engine::bindings {
namespace {

using event::Channel;
using event::Channels;
using event::ConnectionSinks;
using event::Cursor;
using event::Event;
using event::Filter;
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

/// The options of a subscription: {since, replay_last, policy, buffer, max_rate}.
Result<event::Start> read_start(lua_State* state, int index) {
  const auto number = [state, index](const char* name, std::size_t otherwise, double most) {
    const double given =
        script::field_number(state, index, name).value_or(static_cast<double>(otherwise));
    return static_cast<std::uint64_t>(std::clamp(given, 0.0, most));
  };
  event::Start start;
  start.since = number("since", 0, 9e15);
  start.replay_last = number("replay_last", 0, Ring::kMostReplayed);
  start.buffer = number("buffer", start.buffer, Ring::kMostBuffer);
  start.max_rate = number("max_rate", 0, 1e6);
  if (const auto policy = script::field_string(state, index, "policy")) {
    TRY_ASSIGN(start.policy, event::lag_policy_from_name(*policy));
  }
  return start;
}

Result<Channel> read_channel(lua_State* state, int index) {
  const auto name = script::field_string(state, index, "channel");
  return name ? event::channel_from_name(*name) : Channel::events;
}

/// The ring of the channel that the options at `index` name.
Result<Ring*> read_ring(lua_State* state, int index) {
  TRY_ASSIGN(const Channel channel, read_channel(state, index));
  if (channel == Channel::events) return service<Ring>(state);
  TRY_ASSIGN(const Channels* const channels, service<Channels>(state));
  return &channels->ring(channel);
}

/// Pushes the event as a table with its `seq`; `lagged` when events were lost before it.
int push_record(lua_State* state, const event::Record& record, std::uint64_t lagged) {
  if (!script::push_json(state, record.text())) lua_newtable(state);
  lua_pushnumber(state, static_cast<lua_Number>(record.seq()));
  lua_setfield(state, -2, "seq");
  if (lagged > 0) {
    lua_pushnumber(state, static_cast<lua_Number>(lagged));
    lua_setfield(state, -2, "lagged");
  }
  return 1;
}

// --- publishing and reading ---------------------------------------------------------------------

/// The list of strings in a field of the table at `index`; one string stands for a list of one.
std::vector<std::string> field_strings(lua_State* state, int index, const char* name) {
  std::vector<std::string> list;
  lua_getfield(state, index, name);
  if (lua_type(state, -1) == LUA_TSTRING) list.emplace_back(script::check_string(state, -1));
  if (lua_istable(state, -1)) {
    const int count = static_cast<int>(lua_objlen(state, -1));
    for (int i = 1; i <= count; ++i) {
      lua_rawgeti(state, -1, i);
      if (lua_type(state, -1) != LUA_TSTRING) luaL_argerror(state, index, "paths must be strings");
      list.emplace_back(script::check_string(state, -1));
      lua_pop(state, 1);
    }
  }
  lua_pop(state, 1);
  return list;
}

void read_resource(lua_State* state, int index, Event& into) {
  lua_getfield(state, index, "resource");
  if (lua_istable(state, -1)) {
    const int table = lua_gettop(state);
    into.resource_type = script::field_string(state, table, "type").value_or("");
    into.resource_id = script::field_string(state, table, "id").value_or("");
  }
  lua_pop(state, 1);
}

/// The event in the table at `index`, without its data.
Event read_event(lua_State* state, int index) {
  luaL_checktype(state, index, LUA_TTABLE);
  const auto field = [state, index](const char* name) {
    return script::field_string(state, index, name).value_or("");
  };
  Event made{.type = field("type")};
  if (made.type.empty()) luaL_argerror(state, index, "a `type` expected");
  if (const std::string level = field("level"); !level.empty()) {
    made.level = log::level_from_name(level);
  }
  made.target = field("target");
  made.job = field("job");
  made.package = field("package");
  made.trace = script::task_call_name(state);
  made.paths = field_strings(state, index, "paths");
  made.key = field("key");
  made.terminal = script::field_boolean(state, index, "terminal").value_or(false);
  read_resource(state, index, made);
  return made;
}

/// event.publish{type=…, level?, target?, resource?, job?, package?, paths?, key?, terminal?,
/// data?} → seq | nil, err
Result<int> event_publish(lua_State* state) {
  Event made = read_event(state, 1);
  lua_getfield(state, 1, "data");
  if (!lua_isnil(state, -1)) {
    TRY_ASSIGN(made.data, script::to_json(state, lua_gettop(state)));
  }
  TRY_ASSIGN(Ring* const ring, service<Ring>(state));
  lua_pushnumber(state, static_cast<lua_Number>(ring->publish(std::move(made))));
  return 1;
}

/// event.matches(filter, event) → boolean | nil, err: whether a reader would get such an event
Result<int> event_matches(lua_State* state) {
  const Event asked = read_event(state, 2);
  TRY_ASSIGN(const Filter filter, read_filter(state, 1));
  lua_pushboolean(state, filter.matches(asked) ? 1 : 0);
  return 1;
}

/// event.line(target, message, level?, fields?): a line of the channel "logs" that no log file of
/// ours has
Result<int> event_line(lua_State* state) {
  const std::string_view target = script::check_string(state, 1);
  const std::string_view message = script::check_string(state, 2);
  const log::Level level = log::level_from_name(luaL_optstring(state, 3, "info"));
  const auto owned = read_log_fields(state, 4);
  const std::vector<log::Field> fields(owned.begin(), owned.end());
  TRY_ASSIGN(const Channels* const channels, service<Channels>(state));
  event::publish_line(channels->logs, level, target, log::masked(message), fields);
  return 0;
}

int push_page(lua_State* state, const Ring::Page& page) {
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

/// event.read(filter?, {since?, limit?, channel?}) → {events, next, gap} | nil, err
Result<int> event_read(lua_State* state) {
  const auto since = script::field_number(state, 2, "since");
  const auto limit = static_cast<std::size_t>(
      std::clamp(script::field_number(state, 2, "limit").value_or(100), 1.0, 16'384.0));
  TRY_ASSIGN(const Filter filter, read_filter(state, 1));
  TRY_ASSIGN(const Ring* const ring, read_ring(state, 2));
  if (!since) return push_page(state, ring->last(filter, limit));
  return push_page(state,
                   ring->read(filter, static_cast<std::uint64_t>(std::max(*since, 0.0)), limit));
}

/// event.counts() → {channel = {events, bytes, subscriptions, lastSeq}} | nil, err
Result<int> event_counts(lua_State* state) {
  TRY_ASSIGN(const Channels* const channels, service<Channels>(state));
  lua_createtable(state, 0, 2);
  for (const Channel channel : {Channel::events, Channel::logs}) {
    const Ring& ring = channels->ring(channel);
    const event::RingLimits held = ring.held();
    lua_createtable(state, 0, 4);
    const auto number = [state](const char* name, std::uint64_t value) {
      lua_pushnumber(state, static_cast<lua_Number>(value));
      lua_setfield(state, -2, name);
    };
    number("events", held.events);
    number("bytes", held.bytes);
    number("subscriptions", ring.subscriptions());
    number("lastSeq", ring.last_seq());
    lua_setfield(state, -2, channel == Channel::logs ? "logs" : "events");
  }
  return 1;
}

// --- subscriptions of connections ---------------------------------------------------------------

/// event.subscribe(connection, filter?, opts?) → sub, {next, replayed, gap} | nil, err
Result<int> event_subscribe(lua_State* state) {
  const auto connection = static_cast<std::uint64_t>(luaL_checknumber(state, 1));
  TRY_ASSIGN(const event::Start start, read_start(state, 3));
  TRY_ASSIGN(const Channel channel, read_channel(state, 3));
  TRY_ASSIGN(Filter filter, read_filter(state, 2));
  TRY_ASSIGN(ConnectionSinks* const sinks, service<ConnectionSinks>(state));
  TRY_ASSIGN(const ConnectionSinks::Made made,
             sinks->subscribe(connection, channel, std::move(filter), start));
  lua_pushnumber(state, static_cast<lua_Number>(made.sub));
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

  /// The next event, or null, in which case the cursor will wake us.
  RecordPtr take() {
    if (at == batch.records.size()) {
      at = 0;
      cursor->take(64, batch);
      if (batch.lag) lagged += batch.lag->dropped;
    }
    return at < batch.records.size() ? batch.records[at++] : nullptr;
  }

  Cursor::Batch batch;
  std::size_t at = 0;  ///< in the batch
  std::uint64_t lagged = 0;
  std::unique_ptr<Cursor> cursor;
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

int push_next(lua_State* state, Listener& listener, const RecordPtr& record) {
  return push_record(state, *record, std::exchange(listener.lagged, 0));
}

/// Gives the next event to the task that waits. On the VM's loop.
void deliver(const Handle& listener) {
  const auto waiter = listener->waiter.lock();
  if (!waiter || !listener->cursor) return;
  listener->waiter.reset();
  // Taken when the task runs, so that an event is not lost to one that was cancelled meanwhile.
  waiter->resumer.resume([listener](lua_State* state) {
    const RecordPtr record = listener->cursor ? listener->take() : nullptr;
    if (record) return push_next(state, *listener, record);
    return script::push_failure(state,
                                {.code = Errc::closed, .message = "the listener was closed"});
  });
}

/// event.listen(filter?, opts?) → listener | nil, err
Result<int> event_listen(lua_State* state) {
  TRY_ASSIGN(const event::Start start, read_start(state, 2));
  TRY_ASSIGN(Filter filter, read_filter(state, 1));
  TRY_ASSIGN(Ring* const ring, read_ring(state, 2));
  auto listener = std::make_shared<Listener>();
  // Runs on the publisher's thread: only the posted part may touch the listener.
  auto wake = [loop = &Vm::of(state).loop(), weak = std::weak_ptr(listener)] {
    loop->post([weak] {
      if (const Handle alive = weak.lock()) deliver(alive);
    });
  };
  listener->cursor = ring->subscribe(std::move(filter), start, std::move(wake));
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
  if (const RecordPtr record = listener->take()) return push_next(state, *listener, record);
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
  lua_pushboolean(state, script::check_object<Listener>(state, 1)->cursor->gap() ? 1 : 0);
  return 1;
}

/// listener:close()
int listener_close(lua_State* state) {
  if (const Handle& listener = script::check_slot<Listener>(state, 1)) {
    end_wait(*listener, Errc::closed, "the listener was closed");
    listener->cursor.reset();
  }
  return script::release_object<Listener>(state);
}

constexpr luaL_Reg kListenerMethods[] = {{"next", script::thunk<listener_next>},
                                         {"gap", script::thunk<listener_gap>},
                                         {"close", script::thunk<listener_close>},
                                         {nullptr, nullptr}};

constexpr luaL_Reg kFunctions[] = {{"publish", script::thunk<event_publish>},
                                   {"matches", script::thunk<event_matches>},
                                   {"line", script::thunk<event_line>},
                                   {"read", script::thunk<event_read>},
                                   {"counts", script::thunk<event_counts>},
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
