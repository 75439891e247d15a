#pragma once

#include "script/guard.hh"
#include "script/heap.hh"
#include "script/loader.hh"
#include "script/object.hh"
#include "script/scheduler.hh"
#include "script/vm.hh"

#include <functional>
#include <type_traits>
#include <vector>

namespace engine::script {

/// The inside of a Vm, shared by the files of this room only.
struct Vm::Impl {
  Impl(Vm& vm, loop::Loop& on, const Services& offered, Options chosen)
      : loop(on),
        services(offered),
        options(std::move(chosen)),
        heap(vm, options.memory_limit),
        self(std::make_shared<Vm*>(&vm)),
        tasks(*this) {}

  /// Calls `work(state)` in a protected call on the main state; what it leaves on the stack from
  /// its first value up (it starts with an empty frame) is left there. On failure nothing is left.
  template <typename F>
  Result<int> protect(F&& work) {
    const Body erased{&work, [](void* object, lua_State* on) -> int {
                        return (*static_cast<std::remove_reference_t<F>*>(object))(on);
                      }};
    return protect_erased(erased);
  }

  loop::Loop& loop;
  const Services& services;
  Options options;
  Heap heap;
  std::vector<Module> modules;
  lua_State* state = nullptr;
  std::shared_ptr<lua_State*> life;  ///< expires when the state closes (Ref)
  std::shared_ptr<Vm*> self;         ///< expires when the Vm begins to close (Resumer)
  Scheduler tasks;
  std::shared_ptr<std::size_t> spawned = std::make_shared<std::size_t>(0);
  ObjectLink objects;                ///< head of the ring of objects that scripts hold
  std::vector<std::string> loading;  ///< modules being required, outermost first
  int depth = 0;                     ///< entries into Lua on the C++ stack
  std::string trace;                 ///< of the last failed protected call
  std::string memory_trace;          ///< of the last allocation that failed
  std::vector<int> json_frames;      ///< of push_json, kept for its capacity
  std::string trapped;               ///< of the error an xpcall handler of a script looks at

  // Registry slots of what every call needs.
  int trampoline = LUA_NOREF;
  int message_handler = LUA_NOREF;
  int array_metatable = LUA_NOREF;
  int error_metatable = LUA_NOREF;
  const void* array_identity = nullptr;  ///< lua_topointer of the array metatable

  struct Body {
    void* object;
    int (*call)(void* object, lua_State* state);
  };
  Result<int> protect_erased(Body body);
  const Body* body = nullptr;  ///< what the trampoline is to run

  /// After a call that ended so: collects where it may have left too little room for the next.
  void collect_after(int status);
  /// After an allocation was refused, or before one is.
  void collect_garbage();
  bool collecting = false;
  std::size_t collect_above = SIZE_MAX;  ///< bytes in use from which on garbage is not left lying

  /// The Error of a failed call whose error value is on top of `from`. Leaves the value.
  Error failure_of(lua_State* from, std::string trace);
};

/// Opens the standard libraries as far as scripts may see them. Runs protected. [-0, +0]
void open_sandbox(lua_State* state, const Vm::Options& options);
/// From here on assigning a global that does not exist raises. [-0, +0]
void make_strict(lua_State* state);
/// Makes the global `require`. Runs protected. [-0, +0]
void open_loader(lua_State* state);
/// Makes the metatables of errors, arrays and opaque values, and the null sentinel's. [-0, +0]
void open_values(lua_State* state, Vm::Impl& impl);
/// Makes the class of opaque JSON values. [-0, +0]
void define_raw_json(lua_State* state);
/// The level of the engine function a script called: the last one below the script's own frames.
int engine_level(lua_State* state);
/// The engine function that runs at that level, "store.put". [-0, +0]
std::string running_function(lua_State* state, int level);
/// `now` plus `delay`, or the end of time.
TimePoint later(TimePoint now, Milliseconds delay);
/// The same by the clock of the machine, as the guard needs it.
TimePoint after(Milliseconds delay);

}  // namespace engine::script
