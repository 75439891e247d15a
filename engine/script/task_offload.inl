#pragma once

#include "loop/offload.hh"
#include "script/guard.hh"

namespace engine::script {

/// The pool that takes this binding's work; null when it must run inline.
loop::OffloadPool* offload_pool(lua_State* state);

template <typename T>
int offload(lua_State* state,
            UniqueFunction<Result<T>()> work,
            UniqueFunction<int(lua_State*, T&&)> push,
            Cancel cancel) {
  auto* pool = offload_pool(state);
  if (pool == nullptr) {
    Result<T> result = [&work] {
      const Guard::Pause pause;
      return work();
    }();
    return result ? push(state, std::move(*result)) : push_failure(state, result.error());
  }
  return suspend(state, [&, pool](Resumer resumer) -> Cancel {
    pool->run<T>(Vm::of(state).loop(),
                 std::move(work),
                 Resumer::completion<T>(std::move(resumer), std::move(push)));
    return std::move(cancel);
  });
}

}  // namespace engine::script
