#include "bindings/client_connection.hh"
#include "bindings/modules.hh"
#include "script/object.hh"
#include "script/task.hh"
#include "script/thunk.hh"

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace engine::bindings {
namespace {

using client::CallOptions;
using client::Client;
using script::Ref;
using script::Resumer;
using script::Vm;

using Connection = ClientConnection;
using Handle = std::shared_ptr<Connection>;

/// What a call was given.
struct CallArguments {
  std::string method;
  std::string params = "{}";
  CallOptions options = {};
  bool raw = false;
  Ref on_event = {};
};

Milliseconds milliseconds(lua_State* state, double seconds) {
  if (!(seconds > 0 && seconds < 1e9)) luaL_error(state, "a timeout must be a number of seconds");
  return Milliseconds(static_cast<std::int64_t>(std::ceil(seconds * 1000)));
}

/// The JSON text of the value at `index`; nothing stands for `{}`.
Result<std::string> read_params(lua_State* state, int index) {
  if (lua_isnoneornil(state, index)) return "{}";
  if (const std::string* raw = script::raw_at(state, index)) return *raw;
  TRY_ASSIGN(std::string text, script::to_json(state, index));
  // An empty table says nothing about what it is; parameters are an object.
  return text == "[]" ? "{}" : std::move(text);
}

struct TextOption {
  const char* name;
  std::string CallOptions::*member;
};
constexpr std::array kTextOptions = {TextOption{"idempotency_key", &CallOptions::idempotency_key},
                                     TextOption{"trace", &CallOptions::trace},
                                     TextOption{"locale", &CallOptions::locale}};

/// No call outlives its task, so that the server is told no longer time than somebody waits.
Milliseconds within_task(lua_State* state, Milliseconds timeout) {
  const auto left = std::chrono::ceil<Milliseconds>(script::task_deadline(state) - Clock::now());
  return std::clamp(left, Milliseconds(1), timeout);
}

/// Reads method, params and options from `first` on.
Result<CallArguments> read_arguments(lua_State* state, int first) {
  const int options = first + 2;
  CallArguments arguments{.method = std::string(script::check_string(state, first))};
  if (const auto seconds = script::field_number(state, options, "timeout")) {
    arguments.options.timeout = milliseconds(state, *seconds);
  }
  arguments.options.timeout = within_task(state, arguments.options.timeout);
  for (const auto& [name, member] : kTextOptions) {
    if (auto text = script::field_string(state, options, name)) {
      arguments.options.*member = std::move(*text);
    }
  }
  if (arguments.options.idempotency_key.size() > 64) {
    luaL_error(state, "idempotency_key has more than 64 bytes");
  }
  arguments.options.read_only = script::field_boolean(state, options, "read_only").value_or(false);
  arguments.raw = script::field_boolean(state, options, "raw").value_or(false);
  if (lua_istable(state, options)) {
    lua_getfield(state, options, "on_event");
    if (!lua_isnil(state, -1)) luaL_checktype(state, -1, LUA_TFUNCTION);
    if (lua_isnil(state, -1)) {
      lua_pop(state, 1);
    } else {
      arguments.on_event = Ref::pop(state);
    }
  }
  TRY_ASSIGN(arguments.params, read_params(state, first + 1));
  return arguments;
}

std::uint64_t add_listener(Connection& connection, Ref function) {
  if (!function) return 0;
  const std::uint64_t id = ++connection.last_listener;
  connection.listeners.push_back({id, std::make_shared<Ref>(std::move(function))});
  return id;
}

void remove_listener(Connection& connection, std::uint64_t id) {
  std::erase_if(connection.listeners, [id](const auto& one) { return one.id == id; });
}

/// Runs every listener in a task of its own with (params, method).
void hand_on(Vm& vm,
             const Connection& connection,
             std::string_view method,
             std::string_view params) {
  for (const Connection::Listener& listener : std::vector(connection.listeners)) {
    vm.spawn(
        *listener.function,
        [method = std::string(method), params = std::string(params)](lua_State* state) {
          if (!script::push_json(state, params)) lua_pushnil(state);
          script::push_string(state, method);
          return 2;
        },
        {},
        {},
        "on_event");
  }
}

Result<Handle> open_connection(lua_State* state, std::string_view path, int options) {
  client::Options how;
  if (const auto seconds = script::field_number(state, options, "connect_timeout")) {
    how.connect_timeout = milliseconds(state, *seconds);
  }
  how.wait_for_socket = script::field_boolean(state, options, "wait").value_or(false);
  if (auto hint = script::field_string(state, options, "hint")) {
    how.not_running_hint = std::move(*hint);
  }
  how.locale = script::field_string(state, options, "locale").value_or("");
  Vm& vm = Vm::of(state);
  auto connection = std::make_shared<Connection>();
  connection->socket = path;
  TRY_ASSIGN(connection->client, Client::open(vm.loop(), path, std::move(how)));
  connection->client->on_notification([vm = vm.watch(), weak = std::weak_ptr(connection)](
                                          std::string_view method, std::string_view params) {
    const auto alive = vm.lock();
    const Handle target = weak.lock();
    if (alive && target) hand_on(**alive, *target, method, params);
  });
  return connection;
}

int push_result(lua_State* state, Result<std::string>&& result, bool raw) {
  if (!result) return script::push_failure(state, result.error());
  if (raw) {
    script::push_raw(state, std::move(*result));
    return 1;
  }
  if (Result<> pushed = script::push_json(state, *result, {}, SIZE_MAX); !pushed) {
    return script::push_failure(state, pushed.error());
  }
  return 1;
}

/// Sends the call and suspends until its answer. The connection lives as long as the call.
int run_call(lua_State* state, const Handle& connection, CallArguments arguments) {
  return script::suspend(state, [&](Resumer resumer) -> script::Cancel {
    const std::uint64_t listener = add_listener(*connection, std::move(arguments.on_event));
    const auto id = connection->client->call(
        arguments.method,
        arguments.params,
        arguments.options,
        [connection, listener, raw = arguments.raw, resumer = std::move(resumer)](
            Result<std::string> result) mutable {
          remove_listener(*connection, listener);
          resumer.resume([result = std::move(result), raw](lua_State* on) mutable {
            return push_result(on, std::move(result), raw);
          });
        });
    return [connection, listener, id] {
      remove_listener(*connection, listener);
      if (connection->client) connection->client->forget(id);
    };
  });
}

/// client.connect(path, opts?) → conn | nil, err   *async*
Result<int> client_connect(lua_State* state) {
  const std::string path(script::check_string(state, 1));
  TRY_ASSIGN(const Handle connection, open_connection(state, path, 2));
  if (lua_istable(state, 2)) {
    lua_getfield(state, 2, "on_event");
    if (lua_isfunction(state, -1)) {
      add_listener(*connection, Ref::pop(state));
    } else {
      lua_pop(state, 1);
    }
  }
  return script::suspend(state, [&](Resumer resumer) -> script::Cancel {
    connection->client->connect([connection, resumer = std::move(resumer)](Result<> made) mutable {
      resumer.resume([connection, made = std::move(made)](lua_State* on) {
        if (!made) return script::push_failure(on, made.error());
        script::push_object(on, connection);
        return 1;
      });
    });
    return [connection] { connection->client->close(); };
  });
}

/// client.call(path, method, params?, opts?) → result | nil, err   *async*
Result<int> client_call(lua_State* state) {
  const std::string path(script::check_string(state, 1));
  TRY_ASSIGN(CallArguments arguments, read_arguments(state, 2));
  TRY_ASSIGN(const Handle connection, open_connection(state, path, 4));
  return run_call(state, connection, std::move(arguments));
}

/// conn:call(method, params?, opts?) → result | nil, err   *async*
Result<int> connection_call(lua_State* state) {
  const Handle connection = script::check_object<Connection>(state, 1);
  TRY_ASSIGN(CallArguments arguments, read_arguments(state, 2));
  return run_call(state, connection, std::move(arguments));
}

/// conn:query(method, params?, opts?): a call that changes nothing   *async*
Result<int> connection_query(lua_State* state) {
  const Handle connection = script::check_object<Connection>(state, 1);
  TRY_ASSIGN(CallArguments arguments, read_arguments(state, 2));
  arguments.options.read_only = true;
  return run_call(state, connection, std::move(arguments));
}

/// conn:action(method, params?, opts?): a call the server carries out once   *async*
Result<int> connection_action(lua_State* state) {
  const Handle connection = script::check_object<Connection>(state, 1);
  TRY_ASSIGN(CallArguments arguments, read_arguments(state, 2));
  if (arguments.options.idempotency_key.empty()) {
    arguments.options.idempotency_key = client::make_idempotency_key();
  }
  return run_call(state, connection, std::move(arguments));
}

/// conn:notify(method, params?) → true | nil, err
Result<int> connection_notify(lua_State* state) {
  const Handle connection = script::check_object<Connection>(state, 1);
  const std::string method(script::check_string(state, 2));
  TRY_ASSIGN(const std::string params, read_params(state, 3));
  connection->client->notify(method, params);
  lua_pushboolean(state, 1);
  return 1;
}

/// conn:connected() → boolean
int connection_connected(lua_State* state) {
  const Handle connection = script::check_object<Connection>(state, 1);
  lua_pushboolean(state, connection->client->connected() ? 1 : 0);
  return 1;
}

/// conn:close()
int connection_close(lua_State* state) {
  if (const Handle& slot = script::check_slot<Connection>(state, 1)) slot->client->close();
  return script::release_object<Connection>(state);
}

constexpr luaL_Reg kMethods[] = {{"call", script::thunk<connection_call>},
                                 {"query", script::thunk<connection_query>},
                                 {"action", script::thunk<connection_action>},
                                 {"events", script::thunk<client_events>},
                                 {"notify", script::thunk<connection_notify>},
                                 {"connected", script::thunk<connection_connected>},
                                 {"close", script::thunk<connection_close>},
                                 {nullptr, nullptr}};

constexpr luaL_Reg kFunctions[] = {{"connect", script::thunk<client_connect>},
                                   {"call", script::thunk<client_call>},
                                   {nullptr, nullptr}};

}  // namespace

int open_client(lua_State* state) {
  script::define_class<Connection>(state, kMethods);
  open_client_events(state);
  luaL_newlib(state, kFunctions);
  return 1;
}

}  // namespace engine::bindings
