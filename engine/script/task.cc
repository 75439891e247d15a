#include "script/task.hh"

#include "loop/offload.hh"
#include "script/vm_impl.hh"

namespace engine::script {

Resumer::Resumer(std::weak_ptr<Vm*> vm, TaskId task, std::uint32_t ticket)
    : vm_(std::move(vm)), task_(task), ticket_(ticket) {}

Resumer::~Resumer() {
  if (vm_.expired()) return;  // used, moved from, or the VM is gone
  resume([](lua_State* state) {
    return push_failure(state, {.code = Errc::cancelled, .message = "the operation was cancelled"});
  });
}

Resumer& Resumer::operator=(Resumer&& other) noexcept {
  std::swap(vm_, other.vm_);
  std::swap(task_, other.task_);
  std::swap(ticket_, other.ticket_);
  return *this;
}

void Resumer::resume(Push push) {
  const auto vm = std::exchange(vm_, {}).lock();
  if (vm) (*vm)->impl().tasks.resume(task_, ticket_, std::move(push));
}

Completion<> Resumer::completion(Resumer resumer) {
  return [resumer = std::move(resumer)](Result<> result) mutable {
    resumer.resume([result = std::move(result)](lua_State* state) {
      if (!result) return push_failure(state, result.error());
      lua_pushboolean(state, 1);
      return 1;
    });
  };
}

int suspend(lua_State* state, UniqueFunction<Cancel(Resumer)> start) {
  const int results = Vm::of(state).impl().tasks.suspend(state, std::move(start));
  return results == Scheduler::kRaise ? lua_error(state) : results;
}

loop::OffloadPool* offload_pool(lua_State* state) {
  Vm& vm = Vm::of(state);
  if (vm.impl().tasks.current(state) == TaskId{}) return nullptr;
  return vm.services().find<loop::OffloadPool>();
}

int offload(lua_State* state, UniqueFunction<Result<>()> work) {
  struct Nothing {};
  return offload<Nothing>(
      state,
      [work = std::move(work)]() mutable -> Result<Nothing> {
        TRY(work());
        return Nothing{};
      },
      [](lua_State* on, Nothing&&) {
        lua_pushboolean(on, 1);
        return 1;
      });
}

TaskId current_task(lua_State* state) {
  return Vm::of(state).impl().tasks.current(state);
}

std::string_view task_name(lua_State* state) {
  return Vm::of(state).impl().tasks.name(current_task(state));
}

std::string_view task_author(lua_State* state) {
  return Vm::of(state).impl().tasks.author(current_task(state));
}

std::string_view task_call_name(lua_State* state) {
  return Vm::of(state).impl().tasks.call_name(current_task(state));
}

void set_task_author(lua_State* state, std::string_view author) {
  Vm::of(state).impl().tasks.set_author(current_task(state), author);
}

TimePoint task_deadline(lua_State* state) {
  return Vm::of(state).impl().tasks.deadline(current_task(state));
}

}  // namespace engine::script
