#include "script/convert.hh"
#include "script/object.hh"
#include "script/thunk.hh"
#include "script/vm_impl.hh"

#include <algorithm>
#include <cmath>

namespace engine::script {
namespace {

constexpr std::int64_t kExact = std::int64_t{1} << 53;

/// An opaque JSON document.
struct RawJson {
  static constexpr const char* kLuaName = "engine.json.Value";
  std::string text;
};

int raw_tostring(lua_State* state) {
  push_string(state, check_object<RawJson>(state, 1)->text);
  return 1;
}

int raw_eq(lua_State* state) {
  lua_pushboolean(
      state,
      check_object<RawJson>(state, 1)->text == check_object<RawJson>(state, 2)->text ? 1 : 0);
  return 1;
}

Result<int> raw_decode(lua_State* state) {
  const auto raw = check_object<RawJson>(state, 1);
  TRY(push_json(state, raw->text));
  return 1;
}

/// value:parts() → {key → value} | {value, …} | nil, err
Result<int> raw_parts(lua_State* state) {
  const auto raw = check_object<RawJson>(state, 1);
  TRY_ASSIGN(const json::Value value, json::parse(raw->text));
  lua_newtable(state);
  if (const json::Array* elements = value.array()) {
    for (const json::Value& element : *elements) {
      push_raw(state, json::write(element));
      lua_rawseti(state, -2, static_cast<int>(lua_objlen(state, -2)) + 1);
    }
    mark_array(state);
    return 1;
  }
  const json::Object* members = value.object();
  if (members == nullptr) return fail(Errc::invalid_params, "neither an object nor an array");
  for (const auto& [key, member] : *members) {
    push_string(state, key);
    push_raw(state, json::write(member));
    lua_rawset(state, -3);
  }
  return 1;
}

constexpr luaL_Reg kRawMethods[] = {{"__tostring", thunk<raw_tostring>},
                                    {"__eq", thunk<raw_eq>},
                                    {"decode", thunk<raw_decode>},
                                    {"parts", thunk<raw_parts>},
                                    {nullptr, nullptr}};

void push_integer(lua_State* state, std::int64_t value) {
  if (value >= -kExact && value <= kExact) {
    lua_pushnumber(state, static_cast<lua_Number>(value));
  } else {
    push_raw(state, std::to_string(value));
  }
}

/// Builds Lua values from a document's events. Each open container lies on the stack, with its
/// pending key above it if it is an object.
class Builder final : public json::Handler {
 public:
  Builder(lua_State* state, std::string_view text, std::span<const std::string> raw_members)
      : state_(state),
        text_(text),
        raw_members_(raw_members),
        vm_(Vm::of(state).impl()),
        array_metatable_(vm_.array_metatable),
        frames_(std::exchange(vm_.json_frames, {})) {
    frames_.clear();
  }
  Builder(const Builder&) = delete;
  Builder& operator=(const Builder&) = delete;
  ~Builder() override { vm_.json_frames = std::move(frames_); }

  bool on_null() override {
    return skipping() ? skip_scalar() : (lua_pushlightuserdata(state_, nullptr), add());
  }
  bool on_boolean(bool value) override {
    return skipping() ? skip_scalar() : (lua_pushboolean(state_, value ? 1 : 0), add());
  }
  bool on_integer(std::int64_t value) override {
    return skipping() ? skip_scalar() : (push_integer(state_, value), add());
  }
  bool on_unsigned(std::uint64_t value) override {
    return skipping() ? skip_scalar() : (push_raw(state_, std::to_string(value)), add());
  }
  bool on_real(double value) override {
    return skipping() ? skip_scalar() : (lua_pushnumber(state_, value), add());
  }
  bool on_string(std::string_view value) override {
    return skipping() ? skip_scalar() : (push_string(state_, value), add());
  }
  bool on_start_object() override { return open(0, 4); }
  bool on_start_array() override {
    if (!open(4, 0)) return false;
    if (!skipping()) frames_.back() = 1;
    return true;
  }
  bool on_key(std::string_view key) override {
    if (skipping()) return true;
    push_string(state_, key);
    if (!raw_members_.empty() && frames_.size() == 1 &&
        std::ranges::find(raw_members_, key) != raw_members_.end()) {
      raw_start_ = offset();
      skip_depth_ = 0;
    }
    return true;
  }
  bool on_end_object() override { return close(); }
  bool on_end_array() override {
    if (!skipping()) {
      lua_rawgeti(state_, LUA_REGISTRYINDEX, array_metatable_);
      lua_setmetatable(state_, -2);
    }
    return close();
  }

 private:
  [[nodiscard]] bool skipping() const { return raw_start_ != 0; }

  bool skip_scalar() {
    if (skip_depth_ == 0) end_raw();
    return true;
  }
  void end_raw() {
    std::string_view member = text_.substr(raw_start_, offset() - raw_start_);
    member.remove_prefix(std::min(member.find_first_not_of(" \t\r\n:"), member.size()));
    raw_start_ = 0;
    push_raw(state_, std::string(member));
    add();
  }

  bool open(int elements, int members) {
    if (skipping()) {
      ++skip_depth_;
      return true;
    }
    luaL_checkstack(state_, 6, "JSON nested too deeply");
    lua_createtable(state_, elements, members);
    frames_.push_back(0);
    return true;
  }
  bool close() {
    if (skipping()) {
      if (--skip_depth_ == 0) end_raw();
      return true;
    }
    frames_.pop_back();
    return add();
  }
  /// Puts the value on top into the container below it. [-1 or -2, +0]
  bool add() {
    if (frames_.empty()) return true;
    if (frames_.back() == 0) {
      lua_rawset(state_, -3);
    } else {
      lua_rawseti(state_, -2, frames_.back()++);
    }
    return true;
  }

  lua_State* state_;
  std::string_view text_;
  std::span<const std::string> raw_members_;
  Vm::Impl& vm_;
  int array_metatable_;
  std::vector<int> frames_;    ///< per open container: 0 for an object, else the next index
  std::size_t raw_start_ = 0;  ///< where the key of the raw member ended; 0: none
  int skip_depth_ = 0;
};

}  // namespace

Result<> push_json(lua_State* state,
                   std::string_view text,
                   std::span<const std::string> raw_members,
                   std::size_t max_depth) {
  luaL_checkstack(state, 6, "no room for a JSON value");
  const int top = lua_gettop(state);
  Builder builder(state, text, raw_members);
  if (auto parsed = json::parse(text, builder, max_depth); !parsed) {
    lua_settop(state, top);
    return parsed;
  }
  return {};
}

void push_value(lua_State* state, const json::Value& value) {
  luaL_checkstack(state, 6, "JSON nested too deeply");
  if (const bool* flag = value.boolean()) {
    lua_pushboolean(state, *flag ? 1 : 0);
  } else if (const auto* integer = value.integer()) {
    push_integer(state, *integer);
  } else if (const auto* large = value.unsigned_integer()) {
    push_raw(state, std::to_string(*large));
  } else if (const double* real = value.real()) {
    lua_pushnumber(state, *real);
  } else if (const std::string* text = value.string()) {
    push_string(state, *text);
  } else if (const json::Array* elements = value.array()) {
    lua_createtable(state, static_cast<int>(elements->size()), 0);
    int index = 0;
    for (const json::Value& element : *elements) {
      push_value(state, element);
      lua_rawseti(state, -2, ++index);
    }
    mark_array(state);
  } else if (const json::Object* members = value.object()) {
    lua_createtable(state, 0, static_cast<int>(members->size()));
    for (const auto& [key, member] : *members) {
      push_string(state, key);
      push_value(state, member);
      lua_rawset(state, -3);
    }
  } else {
    push_null(state);
  }
}

void push_raw(lua_State* state, std::string text) {
  push_object(state, std::make_shared<RawJson>(RawJson{std::move(text)}));
}

const std::string* raw_at(lua_State* state, int index) {
  const RawJson* raw = find_object<RawJson>(state, index);
  return raw == nullptr ? nullptr : &raw->text;
}

void define_raw_json(lua_State* state) {
  define_class<RawJson>(state, kRawMethods);
}

void push_null(lua_State* state) {
  lua_pushlightuserdata(state, nullptr);
}

void mark_array(lua_State* state) {
  lua_rawgeti(state, LUA_REGISTRYINDEX, Vm::of(state).impl().array_metatable);
  lua_setmetatable(state, -2);
}

}  // namespace engine::script
