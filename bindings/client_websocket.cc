#include "bindings/client_connection.hh"
#include "bindings/modules.hh"
#include "net/connect.hh"
#include "script/object.hh"
#include "script/task.hh"
#include "script/thunk.hh"

#include "http/websocket_client.hh"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

namespace engine::bindings {
namespace {

using http::WebSocketClient;
using script::Resumer;
using script::Vm;

/// A stream as scripts hold it.
struct Socket {
  static constexpr const char* kLuaName = "engine.client.WebSocket";

  explicit Socket(std::shared_ptr<WebSocketClient> s) : stream(std::move(s)) {}
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket() { stream->close(); }

  std::shared_ptr<WebSocketClient> stream;
  bool receiving = false;
};
using Handle = std::shared_ptr<Socket>;

int push_message(lua_State* state, const std::string& message) {
  script::push_string(state, message);
  return 1;
}

int push_timeout(lua_State* state) {
  return script::push_failure(state, {.code = Errc::timeout, .message = "no message in time"});
}

/// A receive that a task waits for.
struct Waiter {
  Waiter(Handle s, Resumer r, loop::Loop& loop)
      : socket(std::move(s)), resumer(std::move(r)), timer(loop) {}
  Handle socket;
  Resumer resumer;
  loop::Timer timer;
};

void give_up(Waiter& waiter) {
  waiter.timer.cancel();
  waiter.socket->stream->stop_receiving();
  waiter.socket->receiving = false;
}

/// socket:receive(timeout?) → text | nil, err   *async*
int socket_receive(lua_State* state) {
  const Handle socket = script::check_object<Socket>(state, 1);
  const double timeout = luaL_optnumber(state, 2, -1);
  if (socket->receiving) luaL_error(state, "another task receives on this socket");
  loop::Loop& loop = Vm::of(state).loop();
  return script::suspend(state, [&](Resumer resumer) -> script::Cancel {
    auto waiter = std::make_shared<Waiter>(socket, std::move(resumer), loop);
    socket->receiving = true;
    socket->stream->receive([waiter](Result<std::string> message) {
      waiter->timer.cancel();
      waiter->socket->receiving = false;
      waiter->resumer.resume([message = std::move(message)](lua_State* on) {
        return message ? push_message(on, *message) : script::push_failure(on, message.error());
      });
    });
    if (timeout >= 0) {
      const auto delay = Milliseconds(static_cast<std::int64_t>(std::min(timeout, 1e6) * 1'000));
      waiter->timer.start(delay, [waiter] {
        give_up(*waiter);
        waiter->resumer.resume(&push_timeout);
      });
    }
    return [waiter] { give_up(*waiter); };
  });
}

/// socket:send(text) → true | nil, err   *async*
int socket_send(lua_State* state) {
  const Handle socket = script::check_object<Socket>(state, 1);
  const std::string_view text = script::check_string(state, 2);
  return script::suspend(state, [&](Resumer resumer) -> script::Cancel {
    socket->stream->send(text, Resumer::completion(std::move(resumer)));
    return {};
  });
}

/// socket:close(code?, reason?)
int socket_close(lua_State* state) {
  if (const Handle& slot = script::check_slot<Socket>(state, 1)) {
    const auto code = static_cast<unsigned>(luaL_optinteger(state, 2, 1000));
    luaL_argcheck(state, code >= 1000 && code < 5000, 2, "a close code is from 1000 to 4999");
    slot->stream->close(code, script::opt_string(state, 3).value_or(""));
  }
  return 0;
}

bool is_target(std::string_view text) {
  return text.starts_with('/') &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; });
}

/// conn:websocket(target, opts?) → socket | nil, err   *async*
int connection_websocket(lua_State* state) {
  const auto connection = script::check_object<ClientConnection>(state, 1);
  const std::string_view target = script::check_string(state, 2);
  luaL_argcheck(state, is_target(target), 2, "a target is a path without blanks");
  http::WebSocketOptions options;
  if (const auto seconds = script::field_number(state, 3, "timeout")) {
    if (!(*seconds > 0 && *seconds < 1e9)) luaL_error(state, "a timeout is a number of seconds");
    options.timeout = Milliseconds(static_cast<std::int64_t>(std::ceil(*seconds * 1'000)));
  }
  loop::Loop& loop = Vm::of(state).loop();
  return script::suspend(state, [&](Resumer resumer) -> script::Cancel {
    auto opened = Resumer::completion<std::shared_ptr<WebSocketClient>>(
        std::move(resumer), [](lua_State* on, std::shared_ptr<WebSocketClient>&& stream) {
          script::push_object(on, std::make_shared<Socket>(std::move(stream)));
          return 1;
        });
    net::connect_unix(loop,
                      connection->socket,
                      {.timeout = options.timeout},
                      [&loop, target = std::string(target), options, opened = std::move(opened)](
                          Result<UniqueFd> made) mutable {
                        if (!made) return opened(fail(std::move(made).error()));
                        WebSocketClient::open(
                            loop, std::move(*made), target, options, std::move(opened));
                      });
    return {};
  });
}

constexpr luaL_Reg kMethods[] = {{"receive", script::thunk<socket_receive>},
                                 {"send", script::thunk<socket_send>},
                                 {"close", script::thunk<socket_close>},
                                 {nullptr, nullptr}};

}  // namespace

int open_host_client(lua_State* state) {
  open_client(state);
  script::define_class<Socket>(state, kMethods);
  luaL_getmetatable(state, ClientConnection::kLuaName);
  lua_getfield(state, -1, "__index");
  lua_pushcfunction(state, script::thunk<connection_websocket>);
  lua_setfield(state, -2, "websocket");
  lua_pop(state, 2);
  return 1;
}

}  // namespace engine::bindings
