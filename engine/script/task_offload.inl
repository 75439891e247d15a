#pragma once

#include "loop/offload.hh"

namespace engine::script {

template <typename T>
int offload(lua_State* state,
            UniqueFunction<Result<T>()> work,
            UniqueFunction<int(lua_State*, T&&)> push) {
  auto* pool = Vm::of(state).services().find<loop::OffloadPool>();
  if (pool == nullptr) return luaL_error(state, "this program has no offload pool");
  return suspend(state, [&, pool](Resumer resumer) -> Cancel {
    pool->run<T>(Vm::of(state).loop(),
                 std::move(work),
                 Resumer::completion<T>(std::move(resumer), std::move(push)));
    return {};
  });
}

}  // namespace engine::script
