#include "script/convert.hh"
#include "script/vm_impl.hh"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace engine::script {
namespace {

constexpr double kExact = 9007199254740992.0;  // 2^53

/// Walks a Lua value with raw access only, so that it neither runs script code nor raises.
/// `Sink` receives the events of json::Writer.
template <typename Sink>
class Walker {
 public:
  Walker(lua_State* state, Sink& sink)
      : state_(state), sink_(sink), array_(Vm::of(state).impl().array_identity) {}

  Result<> walk(int index) {
    if (index < 0 && index > LUA_REGISTRYINDEX) index = lua_gettop(state_) + index + 1;
    if (!value(index)) return fail(std::move(error_));
    return {};
  }

 private:
  bool value(int index) {
    switch (lua_type(state_, index)) {
      case LUA_TNONE:
      case LUA_TNIL:
        sink_.null();
        return true;
      case LUA_TBOOLEAN:
        sink_.boolean(lua_toboolean(state_, index) != 0);
        return true;
      case LUA_TNUMBER:
        return number(lua_tonumber(state_, index));
      case LUA_TSTRING:
        sink_.string(text(index));
        return true;
      case LUA_TTABLE:
        return table(index);
      case LUA_TLIGHTUSERDATA:
        if (lua_touserdata(state_, index) != nullptr) break;
        sink_.null();
        return true;
      case LUA_TUSERDATA:
        if (const std::string* raw = raw_at(state_, index)) {
          sink_.raw(*raw);
          return true;
        }
        break;
      default:
        break;
    }
    return reject(
        fmt::format("a {} has no JSON form", lua_typename(state_, lua_type(state_, index))));
  }

  bool number(double value) {
    if (value == std::floor(value) && std::abs(value) <= kExact) {
      sink_.integer(static_cast<std::int64_t>(value));
      return true;
    }
    if (!std::isfinite(value)) return reject("the number is not finite");
    sink_.real(value);
    return true;
  }

  std::string_view text(int index) {
    std::size_t size = 0;
    const char* bytes = lua_tolstring(state_, index, &size);
    return {bytes, size};
  }

  bool table(int index) {
    if (path_.size() >= json::kMaxDepth) {
      return reject(fmt::format("nested deeper than {} levels, or a cycle", json::kMaxDepth));
    }
    if (lua_checkstack(state_, 6) == 0) return reject("the Lua stack is full");
    const int length = static_cast<int>(lua_objlen(state_, index));
    if (is_marked(index)) return array(index, length);
    if (length == 0) return object(index);
    int keys = 0;
    for (lua_pushnil(state_); lua_next(state_, index) != 0; lua_pop(state_, 1)) {
      ++keys;
      if (lua_type(state_, -2) == LUA_TNUMBER) continue;
      lua_pop(state_, 2);
      return reject("the table has both list elements and named members");
    }
    if (keys != length) return reject("the list has holes");
    return array(index, length);
  }

  bool is_marked(int index) {
    if (lua_getmetatable(state_, index) == 0) return false;
    const bool marked = lua_topointer(state_, -1) == array_;
    lua_pop(state_, 1);
    return marked;
  }

  bool array(int index, int length) {
    sink_.start_array();
    path_.push_back({});
    for (int i = 1; i <= length; ++i) {
      path_.back().index = i;
      lua_rawgeti(state_, index, i);
      const bool ok = value(lua_gettop(state_));
      lua_pop(state_, 1);
      if (!ok) return false;
    }
    path_.pop_back();
    sink_.end_array();
    return true;
  }

  bool object(int index) {
    const std::size_t first = keys_.size();
    for (lua_pushnil(state_); lua_next(state_, index) != 0; lua_pop(state_, 1)) {
      if (lua_type(state_, -2) == LUA_TSTRING) {
        keys_.push_back(text(-2));
        continue;
      }
      const bool numeric = lua_type(state_, -2) == LUA_TNUMBER;
      lua_pop(state_, 2);
      return reject(numeric ? "the list does not begin at 1, or has holes"
                            : "a key is neither a string nor a list index");
    }
    std::sort(keys_.begin() + static_cast<std::ptrdiff_t>(first), keys_.end());
    sink_.start_object();
    path_.push_back({});
    for (std::size_t i = first; i < keys_.size(); ++i) {
      const std::string_view key = keys_[i];
      path_.back().key = key;
      sink_.key(key);
      push_string(state_, key);
      lua_rawget(state_, index);
      const bool ok = value(lua_gettop(state_));
      lua_pop(state_, 1);
      if (!ok) return false;
    }
    keys_.resize(first);
    path_.pop_back();
    sink_.end_object();
    return true;
  }

  bool reject(std::string_view reason) {
    std::string where;
    for (const Step& step : path_) {
      if (step.index != 0) {
        where += fmt::format("[{}]", step.index);
      } else {
        if (!where.empty()) where += '.';
        where += step.key;
      }
    }
    error_ = {
        .code = Errc::serialization,
        .message = where.empty() ? std::string(reason) : fmt::format("{}: {}", where, reason)};
    return false;
  }

  struct Step {
    std::string_view key;
    int index = 0;
  };

  lua_State* state_;
  Sink& sink_;
  const void* array_;
  std::vector<std::string_view> keys_;  ///< of all open objects; each sorts its own end of it
  std::vector<Step> path_;
  Error error_;
};

/// Receives a walk as a tree.
class TreeSink {
 public:
  void null() { add({}); }
  void boolean(bool value) { add(value); }
  void integer(std::int64_t value) { add(value); }
  void real(double value) { add(value); }
  void string(std::string_view value) { add(value); }
  void raw(std::string_view text) {
    // Opaque values hold valid documents.
    add(json::parse(text).value_or(json::Value()));
  }
  void key(std::string_view value) { open_.back().key = value; }
  void start_object() { open_.push_back({json::Object{}, {}}); }
  void start_array() { open_.push_back({json::Array{}, {}}); }
  void end_object() { close(); }
  void end_array() { close(); }
  json::Value take() { return std::move(root_); }

 private:
  struct Frame {
    json::Value value;
    std::string key;
  };
  void close() {
    json::Value done = std::move(open_.back().value);
    open_.pop_back();
    add(std::move(done));
  }
  void add(json::Value value) {
    if (open_.empty()) {
      root_ = std::move(value);
    } else if (json::Array* elements = open_.back().value.array()) {
      elements->push_back(std::move(value));
    } else {
      (*open_.back().value.object())[std::move(open_.back().key)] = std::move(value);
    }
  }

  std::vector<Frame> open_;
  json::Value root_;
};

}  // namespace

bool is_array(lua_State* state, int index) {
  if (lua_type(state, index) != LUA_TTABLE) return false;
  if (lua_getmetatable(state, index) != 0) {
    const bool marked = lua_topointer(state, -1) == Vm::of(state).impl().array_identity;
    lua_pop(state, 1);
    if (marked) return true;
  }
  if (index < 0) index = lua_gettop(state) + index + 1;
  const std::size_t length = lua_objlen(state, index);
  std::size_t keys = 0;
  for (lua_pushnil(state); lua_next(state, index) != 0; lua_pop(state, 1)) {
    ++keys;
    if (lua_type(state, -2) == LUA_TNUMBER) continue;
    lua_pop(state, 2);
    return false;
  }
  return length > 0 && keys == length;
}

Result<> write_json(lua_State* state, int index, json::Writer& writer) {
  const int top = lua_gettop(state);
  const Result<> walked = Walker(state, writer).walk(index);
  lua_settop(state, top);
  return walked;
}

Result<std::string> to_json(lua_State* state, int index) {
  std::string text;
  json::Writer writer(text);
  TRY(write_json(state, index, writer));
  TRY(writer.finish());
  return text;
}

Result<json::Value> to_value(lua_State* state, int index) {
  const int top = lua_gettop(state);
  TreeSink sink;
  const Result<> walked = Walker(state, sink).walk(index);
  lua_settop(state, top);
  TRY(walked);
  return sink.take();
}

}  // namespace engine::script
