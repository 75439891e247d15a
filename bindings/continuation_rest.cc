#include "base/file.hh"
#include "bindings/continuation.hh"
#include "loop/offload.hh"
#include "script/object.hh"
#include "script/thunk.hh"

#include <fcntl.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

namespace engine::bindings {
namespace {

using script::Outcome;
using script::Resumer;
using script::Vm;

constexpr std::size_t kMostRead = 1UL << 20U;
constexpr std::size_t kSaveChunk = 256UL << 10U;

/// A request as scripts hold it.
struct LuaRequest {
  static constexpr const char* kLuaName = "engine.continuation.Request";
  std::shared_ptr<BodyStream> stream;
};

/// The request whose method was called: `request.stream` of the table at 1.
std::shared_ptr<BodyStream> check_request(lua_State* state) {
  luaL_checktype(state, 1, LUA_TTABLE);
  lua_getfield(state, 1, "stream");
  auto stream = script::check_object<LuaRequest>(state, lua_gettop(state))->stream;
  lua_pop(state, 1);
  return stream;
}

/// request:read(max?) → bytes | nil at the end | nil, err   *async*
int request_read(lua_State* state) {
  const auto stream = check_request(state);
  const double wanted = luaL_optnumber(state, 2, 65'536);
  const auto max = static_cast<std::size_t>(std::clamp(wanted, 1.0, double{kMostRead}));
  return script::suspend(state, [&](Resumer resumer) -> script::Cancel {
    stream->read(max,
                 Vm::of(state).loop(),
                 Resumer::completion<std::string>(std::move(resumer),
                                                  [](lua_State* on, std::string&& bytes) {
                                                    if (bytes.empty()) return 0;
                                                    script::push_string(on, bytes);
                                                    return 1;
                                                  }));
    return {};
  });
}

/// A body on its way into a file, chunk by chunk; writing is for the offload pool.
struct Saving {
  std::shared_ptr<BodyStream> stream;
  loop::Loop* loop = nullptr;
  loop::OffloadPool* pool = nullptr;
  std::shared_ptr<UniqueFd> file;
  std::string path;
  double total = 0;
  std::optional<Resumer> resumer;

  /// Half an upload is worse than none: nobody could tell it from a whole one.
  void give_up() {
    resumer.reset();
    ::unlink(path.c_str());
  }

  void finish(Result<> result) {
    if (!result) ::unlink(path.c_str());
    auto waiter = std::exchange(resumer, std::nullopt);
    waiter->resume([result = std::move(result), bytes = total](lua_State* state) {
      if (!result) return script::push_failure(state, result.error());
      lua_pushnumber(state, bytes);
      return 1;
    });
  }
};

void save_on(const std::shared_ptr<Saving>& saving);

void save_chunk(const std::shared_ptr<Saving>& saving, std::string bytes) {
  saving->total += static_cast<double>(bytes.size());
  saving->pool->run<bool>(
      *saving->loop,
      [to = saving->file, bytes = std::move(bytes)]() -> Result<bool> {
        TRY(write_all(to->get(), bytes));
        return true;
      },
      [saving](const Result<bool>& written) {
        if (!saving->resumer) return;
        if (!written) return saving->finish(fail(written.error()));
        save_on(saving);
      });
}

void save_on(const std::shared_ptr<Saving>& saving) {
  saving->stream->read(kSaveChunk, *saving->loop, [saving](Result<std::string> bytes) {
    if (!saving->resumer) return;  // cancelled
    if (!bytes) return saving->finish(fail(bytes.error()));
    if (bytes->empty()) return saving->finish({});
    save_chunk(saving, std::move(*bytes));
  });
}

/// request:save(path) → bytes | nil, err   *async*
Result<int> request_save(lua_State* state) {
  const auto stream = check_request(state);
  const std::string path(script::check_string(state, 2));
  auto* pool = Vm::of(state).services().find<loop::OffloadPool>();
  if (pool == nullptr) luaL_error(state, "engine.continuation: this program serves nobody");
  TRY_ASSIGN(UniqueFd file, open_file(path, O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK, 0600));
  auto saving = std::make_shared<Saving>();
  saving->stream = stream;
  saving->loop = &Vm::of(state).loop();
  saving->pool = pool;
  saving->file = std::make_shared<UniqueFd>(std::move(file));
  saving->path = path;
  return script::suspend(state, [&](Resumer resumer) -> script::Cancel {
    saving->resumer.emplace(std::move(resumer));
    save_on(saving);
    return [saving] { saving->give_up(); };
  });
}

/// {size?, method, stream} with the methods behind it. [-0, +1]
void push_request(lua_State* state, const std::shared_ptr<BodyStream>& stream) {
  lua_createtable(state, 0, 3);
  script::push_string(state, stream->method());
  lua_setfield(state, -2, "method");
  if (const auto size = stream->size()) {
    lua_pushnumber(state, static_cast<lua_Number>(*size));
    lua_setfield(state, -2, "size");
  }
  script::push_object(state, std::make_shared<LuaRequest>(LuaRequest{stream}));
  lua_setfield(state, -2, "stream");
  luaL_newmetatable(state, "engine.continuation.RequestTable");
  lua_setmetatable(state, -2);
}

unsigned status_of(Errc code) {
  switch (code) {
    case Errc::not_found:
      return 404;
    case Errc::invalid_params:
    case Errc::invalid_request:
    case Errc::deserialization:
      return 400;
    case Errc::authorization:
    case Errc::permission_denied:
      return 403;
    case Errc::conflict:
      return 409;
    case Errc::request_too_large:
      return 413;
    case Errc::rate_limited:
      return 429;
    case Errc::busy:
    case Errc::shutting_down:
      return 503;
    case Errc::no_space:
      return 507;
    default:
      return 500;
  }
}

BodyStream::Answer failed(const Error& error) {
  return {.status = status_of(error.code),
          .content_type = "text/plain; charset=utf-8",
          .body = error.message + "\n"};
}

void add_header(BodyStream::Answer& answer, std::string name, std::string value) {
  if (::strcasecmp(name.c_str(), "content-type") == 0) {
    answer.content_type = std::move(value);
  } else {
    answer.headers.emplace_back(std::move(name), std::move(value));
  }
}

/// `headers` is a list of {name, value}, or name → value.
void read_headers(const json::Value& headers, BodyStream::Answer& answer) {
  if (headers.is_object()) {
    for (const auto& [name, value] : *headers.object()) {
      if (value.is_string()) add_header(answer, name, *value.string());
    }
  }
  if (!headers.is_array()) return;
  for (const json::Value& pair : *headers.array()) {
    const json::Array* two = pair.array();
    if (two != nullptr && two->size() == 2 && (*two)[0].is_string() && (*two)[1].is_string()) {
      add_header(answer, *(*two)[0].string(), *(*two)[1].string());
    }
  }
}

Result<> attach_file(const std::string& path, BodyStream::Answer& answer) {
  TRY_ASSIGN(answer.file, open_file(path, O_RDONLY | O_NONBLOCK));
  struct stat info = {};
  if (::fstat(answer.file.get(), &info) != 0) return fail_errno(path);
  if (!S_ISREG(info.st_mode)) return fail(Errc::filesystem, path + " is not a regular file");
  answer.file_size = static_cast<std::uint64_t>(info.st_size);
  return {};
}

/// The table {status, headers, body | file} at `index`; nil is 204.
Result<BodyStream::Answer> read_answer(lua_State* state, int index) {
  BodyStream::Answer answer;
  if (lua_isnoneornil(state, index)) return BodyStream::Answer{.status = 204, .content_type = {}};
  if (!lua_istable(state, index)) {
    return fail(Errc::script, "a rest handler returns {status, headers, body or file}");
  }
  lua_getfield(state, index, "status");
  if (lua_isnumber(state, -1) != 0) answer.status = static_cast<unsigned>(lua_tointeger(state, -1));
  lua_getfield(state, index, "body");
  if (lua_isstring(state, -1) != 0) {
    std::size_t size = 0;
    const char* body = lua_tolstring(state, -1, &size);
    answer.body.assign(body, size);
  }
  lua_getfield(state, index, "headers");
  if (lua_istable(state, -1)) {
    TRY_ASSIGN(const json::Value headers, script::to_value(state, lua_gettop(state)));
    read_headers(headers, answer);
  }
  lua_getfield(state, index, "file");
  const bool has_file = lua_isstring(state, -1) != 0;
  const std::string file = has_file ? lua_tostring(state, -1) : "";
  lua_pop(state, 4);
  if (has_file) TRY(attach_file(file, answer));
  if (answer.status < 200 || answer.status > 599) {
    return fail(Errc::script, "a rest handler's status is from 200 to 599");
  }
  return answer;
}

void answer_with(BodyStream& stream, const Outcome& outcome) {
  if (const auto failure = failure_of(outcome)) return stream.answer(failed(*failure));
  const int first = lua_gettop(outcome.state) - outcome.results + 1;
  auto answer =
      outcome.results == 0
          ? Result<BodyStream::Answer>(BodyStream::Answer{.status = 204, .content_type = {}})
          : read_answer(outcome.state, first);
  stream.answer(answer ? std::move(*answer) : failed(answer.error()));
}

void serve_request(Vm& vm, const std::shared_ptr<Waiting>& waiting) {
  auto stream = std::static_pointer_cast<BodyStream>(std::move(waiting->stream));
  vm.spawn(
      waiting->serve,
      [stream](lua_State* state) {
        push_request(state, stream);
        return 1;
      },
      kServeLimits,
      [stream](const Outcome& outcome) { answer_with(*stream, outcome); },
      "rest");
}

}  // namespace

Result<int> continuation_rest(lua_State* state) {
  Reservation made = check_reservation(state);
  std::string method = script::field_string(state, 1, "method").value_or("");
  Vm& vm = Vm::of(state);
  TRY_ASSIGN(made.waiting->guid,
             made.waiting->host.reserve_body(
                 std::move(made.session), std::move(method), Opener(vm.loop(), made.waiting)));
  start_waiting(vm, made, &serve_request);
  script::push_string(state, made.waiting->guid);
  return 1;
}

void define_request(lua_State* state) {
  static const luaL_Reg none[] = {{nullptr, nullptr}};
  static const luaL_Reg methods[] = {{"read", script::thunk<&request_read>},
                                     {"save", script::thunk<&request_save>},
                                     {nullptr, nullptr}};
  script::define_class<LuaRequest>(state, none);
  luaL_newmetatable(state, "engine.continuation.RequestTable");
  lua_newtable(state);
  luaL_register(state, nullptr, methods);
  lua_setfield(state, -2, "__index");
  lua_pop(state, 1);
}

}  // namespace engine::bindings
