#include "bindings/continuation.hh"

#include "bindings/modules.hh"
#include "script/object.hh"
#include "script/thunk.hh"

#include <algorithm>

namespace engine::bindings {
namespace {

using script::Outcome;
using script::Resumer;
using script::Vm;

/// A socket as scripts hold it.
struct LuaSocket {
  static constexpr const char* kLuaName = "engine.continuation.Socket";
  using Received = Result<std::optional<std::string>>;

  explicit LuaSocket(std::shared_ptr<SocketStream> s) : stream(std::move(s)) {}
  LuaSocket(const LuaSocket&) = delete;
  LuaSocket& operator=(const LuaSocket&) = delete;
  ~LuaSocket() { stream->close(1011, "the handler dropped the stream"); }

  std::shared_ptr<SocketStream> stream;
  std::optional<Resumer> receiver;
  std::optional<Received> received;  ///< came when nobody waited
  bool asked = false;                ///< a receive is under way at the stream
};
using SocketHandle = std::shared_ptr<LuaSocket>;

int push_received(lua_State* state, const LuaSocket::Received& received) {
  if (!received) return script::push_failure(state, received.error());
  if (!*received) {
    return script::push_failure(state, {.code = Errc::closed, .message = "the client has closed"});
  }
  script::push_string(state, **received);
  return 1;
}

/// Hands over what has come, if somebody waits; else it stays for the next call.
void settle(const SocketHandle& socket) {
  if (!socket->received || !socket->receiver) return;
  auto resumer = std::exchange(socket->receiver, std::nullopt);
  resumer->resume([socket](lua_State* state) {
    const auto received = std::exchange(socket->received, std::nullopt);
    return push_received(state, *received);
  });
}

void ask(const SocketHandle& socket, loop::Loop& loop) {
  if (std::exchange(socket->asked, true)) return;
  socket->stream->receive(loop, [socket](LuaSocket::Received received) {
    socket->asked = false;
    socket->received = std::move(received);
    settle(socket);
  });
}

/// socket:receive(timeout?) → text | nil, err   *async*
int socket_receive(lua_State* state) {
  const SocketHandle socket = script::check_object<LuaSocket>(state, 1);
  const double timeout = luaL_optnumber(state, 2, -1);
  if (socket->receiver) luaL_error(state, "another task receives on this socket");
  if (const auto received = std::exchange(socket->received, std::nullopt)) {
    return push_received(state, *received);
  }
  loop::Loop& loop = Vm::of(state).loop();
  return script::suspend(state, [&](Resumer resumer) -> script::Cancel {
    socket->receiver.emplace(std::move(resumer));
    auto timer = std::make_shared<loop::Timer>(loop);
    if (timeout >= 0) {
      const auto delay = Milliseconds(static_cast<std::int64_t>(std::min(timeout, 1e6) * 1'000));
      timer->start(delay, [socket] {
        auto waiter = std::exchange(socket->receiver, std::nullopt);
        if (!waiter) return;
        waiter->resume([](lua_State* on) {
          return script::push_failure(on, {.code = Errc::timeout, .message = "no message in time"});
        });
      });
    }
    ask(socket, loop);
    return [socket, timer] {
      timer->cancel();
      socket->receiver.reset();
    };
  });
}

/// socket:send(text) → true | nil, err   *async*
int socket_send(lua_State* state) {
  const SocketHandle socket = script::check_object<LuaSocket>(state, 1);
  std::string text(script::check_string(state, 2));
  return script::suspend(state, [&](Resumer resumer) -> script::Cancel {
    socket->stream->send(
        std::move(text), Vm::of(state).loop(), Resumer::completion(std::move(resumer)));
    return {};
  });
}

/// socket:close(code?, reason?)
int socket_close(lua_State* state) {
  const SocketHandle socket = script::check_object<LuaSocket>(state, 1);
  const auto code = static_cast<unsigned>(luaL_optinteger(state, 2, 1000));
  luaL_argcheck(state, code >= 1000 && code < 5000, 2, "a close code is from 1000 to 4999");
  socket->stream->close(code, std::string(script::opt_string(state, 3).value_or("")));
  return 0;
}

void serve_socket(Vm& vm, const std::shared_ptr<Waiting>& waiting) {
  auto stream = std::static_pointer_cast<SocketStream>(std::move(waiting->stream));
  vm.spawn(
      waiting->serve,
      [stream](lua_State* state) {
        script::push_object(state, std::make_shared<LuaSocket>(stream));
        return 1;
      },
      kServeLimits,
      [stream](const Outcome& outcome) {
        const auto failure = failure_of(outcome);
        stream->close(failure ? 1011 : 1000, failure ? failure->message : "complete");
      },
      "websocket");
}

/// continuation.websocket(options, serve) → guid | nil, err
Result<int> continuation_websocket(lua_State* state) {
  Reservation made = check_reservation(state);
  Vm& vm = Vm::of(state);
  TRY_ASSIGN(
      made.waiting->guid,
      made.waiting->host.reserve_socket(std::move(made.session), Opener(vm.loop(), made.waiting)));
  start_waiting(vm, made, &serve_socket);
  script::push_string(state, made.waiting->guid);
  return 1;
}

/// continuation.kill_session(id) → number
int continuation_kill_session(lua_State* state) {
  const std::string session(script::check_string(state, 1));
  auto* host = Vm::of(state).services().find<ContinuationHost>();
  lua_pushnumber(state, host == nullptr ? 0 : static_cast<lua_Number>(host->kill_session(session)));
  return 1;
}

}  // namespace

int open_continuation(lua_State* state) {
  static const luaL_Reg functions[] = {{"websocket", script::thunk<&continuation_websocket>},
                                       {"rest", script::thunk<&continuation_rest>},
                                       {"kill_session", script::thunk<&continuation_kill_session>},
                                       {nullptr, nullptr}};
  static const luaL_Reg socket[] = {{"receive", script::thunk<&socket_receive>},
                                    {"send", script::thunk<&socket_send>},
                                    {"close", script::thunk<&socket_close>},
                                    {nullptr, nullptr}};
  define_waiting(state);
  define_request(state);
  script::define_class<LuaSocket>(state, socket);
  lua_newtable(state);
  luaL_register(state, nullptr, functions);
  return 1;
}

}  // namespace engine::bindings
