#include "bindings/archive_job.hh"

#include "base/parallel.hh"
#include "script/convert.hh"

#include <algorithm>
#include <cmath>

namespace engine::bindings {

void ProgressTarget::call(std::uint64_t done, std::uint64_t total) {
  if (!function) return;  // the VM is closed
  vm.call(
      function,
      [done, total](lua_State* state) {
        lua_pushnumber(state, static_cast<lua_Number>(done));
        lua_pushnumber(state, static_cast<lua_Number>(total));
        return 2;
      },
      {},
      [](const script::Outcome&) {});
}

std::shared_ptr<ProgressTarget> progress_at(lua_State* state, int options) {
  if (!lua_istable(state, options)) return nullptr;
  lua_getfield(state, options, "progress");
  if (lua_isnil(state, -1)) {
    lua_pop(state, 1);
    return nullptr;
  }
  luaL_checktype(state, -1, LUA_TFUNCTION);
  return std::make_shared<ProgressTarget>(
      ProgressTarget{script::Vm::of(state), script::Ref::pop(state)});
}

ProgressCall forward_progress(const std::shared_ptr<ProgressTarget>& target) {
  if (!target) return {};
  return [weak = std::weak_ptr(target), &loop = target->vm.loop(), last = TimePoint{}](
             std::uint64_t done, std::uint64_t total) mutable {
    const TimePoint now = Clock::now();
    if (done < total && now - last < Milliseconds(100)) return;
    last = now;
    loop.post([weak, done, total] {
      if (const auto alive = weak.lock()) alive->call(done, total);
    });
  };
}

unsigned threads_at(lua_State* state, int options) {
  const double asked = script::field_number(state, options, "threads").value_or(0);
  return asked >= 1 ? static_cast<unsigned>(std::min(asked, 64.0)) : processor_count();
}

fetch::ConnectOptions connect_at(lua_State* state, int options) {
  constexpr double kDay = 86400;
  fetch::ConnectOptions out{.ca_file = script::field_string(state, options, "cacert").value_or("")};
  if (const auto seconds = script::field_number(state, options, "timeout")) {
    const auto whole = static_cast<unsigned>(std::clamp(std::ceil(*seconds), 1.0, kDay));
    out.connect_seconds = std::min(out.connect_seconds, whole);
    out.stall_seconds = whole;
  }
  return out;
}

void set_count(lua_State* state, const char* name, std::uint64_t value) {
  lua_pushnumber(state, static_cast<lua_Number>(value));
  lua_setfield(state, -2, name);
}

int push_commitment(lua_State* state, const archive::Commitment& commitment) {
  lua_createtable(state, 0, 3);
  script::push_string(state, commitment.sighash_base64());
  lua_setfield(state, -2, "rootSighash");
  script::push_string(state, commitment.sighash_hex());
  lua_setfield(state, -2, "rootSighashHex");
  lua_pushnumber(state, static_cast<lua_Number>(commitment.root_maxsize));
  lua_setfield(state, -2, "rootMaxsize");
  return 1;
}

}  // namespace engine::bindings
