#include "script/vm.hh"

#include "base/log.hh"
#include "script/convert.hh"
#include "script/thunk.hh"
#include "script/traceback.hh"
#include "script/vm_impl.hh"

#include <algorithm>

namespace engine::script {
namespace {

/// Runs the body a protected call left in the Vm. Being one closure for all bodies it is made once,
/// so that entering Lua allocates nothing.
int run_body(lua_State* state) {
  const Vm::Impl::Body* body = std::exchange(Vm::of(state).impl().body, nullptr);
  return body->call(body->object, state);
}

/// The message handler: keeps the traceback aside and leaves the error value as it is.
int keep_trace(lua_State* state) {
  Vm::of(state).impl().trace = traceback_of_error(state, 1);
  return 1;
}

int on_panic(lua_State* state) {
  const char* message = lua_tostring(state, -1);
  log::error("script", message == nullptr ? "unprotected error in Lua" : message);
  return 0;
}

int keep(lua_State* state, lua_CFunction function) {
  lua_pushcfunction(state, function);
  return luaL_ref(state, LUA_REGISTRYINDEX);
}

/// A heap that may not become larger is collected often, so that garbage does not fill it; another
/// one seldom, until it is.
constexpr std::size_t kSmallHeap = 64UL << 20U;

void set_jit(lua_State* state, bool on) {
  luaJIT_setmode(state, 0, LUAJIT_MODE_ENGINE | (on ? LUAJIT_MODE_ON : LUAJIT_MODE_OFF));
}

bool may_compile(const Vm::Options& options) {
  return options.jit && options.trusted && Guard::stops_compiled_code();
}

}  // namespace

TimePoint later(TimePoint now, Milliseconds delay) {
  return delay > std::chrono::duration_cast<Milliseconds>(TimePoint::max() - now) ? TimePoint::max()
                                                                                  : now + delay;
}

TimePoint after(Milliseconds delay) {
  return later(Clock::now(), delay);
}

Error Vm::Impl::failure_of(lua_State* from, std::string trace_text) {
  Error error{.code = Errc::script, .message = "not enough memory"};
  lua_State* value = from;
  const Result<int> read = protect([&](lua_State* main) {
    if (value != main) {
      lua_pushvalue(value, -1);
      lua_xmove(value, main, 1);
    }
    error = to_error(main, -1);
    return 0;
  });
  static_cast<void>(read);
  if (error.debug.empty()) error.debug = std::move(trace_text);
  return error;
}

Result<int> Vm::Impl::protect_erased(Body erased) {
  const int base = lua_gettop(state);
  lua_rawgeti(state, LUA_REGISTRYINDEX, message_handler);
  lua_rawgeti(state, LUA_REGISTRYINDEX, trampoline);
  body = &erased;
  ++depth;
  const int status = lua_pcall(state, 0, LUA_MULTRET, base + 1);
  --depth;
  if (status == 0) {
    lua_remove(state, base + 1);
    const int results = lua_gettop(state) - base;
    if (heap.used() > collect_above) collect_garbage();
    return results;
  }
  Error error{.code = Errc::script,
              .message = "not enough memory",
              .debug = "the VM's heap is full: " + std::to_string(heap.used()) + " bytes"};
  if (std::string at = std::exchange(memory_trace, {}); status == LUA_ERRMEM && !at.empty()) {
    error.debug = at + '\n' + error.debug;
  }
  if (status != LUA_ERRMEM) {
    // Reading an error table cannot raise: raw access only.
    error = to_error(state, -1);
    if (error.debug.empty()) error.debug = std::exchange(trace, {});
  }
  lua_settop(state, base);
  collect_after(status);
  return fail(std::move(error));
}

// LuaJIT does not collect when an allocation fails: without this the next call would fail at once.
// One that was stopped just before, or ended well, leaves as much garbage.
void Vm::Impl::collect_after(int status) {
  if (status == LUA_ERRMEM || heap.used() > collect_above) collect_garbage();
}

void Vm::Impl::collect_garbage() {
  auto collect = [](lua_State* on) {
    lua_gc(on, LUA_GCCOLLECT, 0);
    return 0;
  };
  if (std::exchange(collecting, true)) return;
  static_cast<void>(protect(collect));
  collecting = false;
  // What is in use is not collected again for nothing.
  const std::size_t limit = heap.limit();
  const std::size_t left = limit - std::min(limit, heap.used());
  if (limit != 0) collect_above = std::max(limit / 2, limit - left / 2);
}

Vm::Vm(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Result<std::unique_ptr<Vm>> Vm::create(loop::Loop& loop,
                                       const Services& services,
                                       std::span<const Module> modules,
                                       Options options) {
  std::unique_ptr<Vm> vm(new Vm(nullptr));
  vm->impl_ = std::make_unique<Impl>(*vm, loop, services, std::move(options));
  Impl& impl = *vm->impl_;
  impl.modules.assign(modules.begin(), modules.end());
  impl.state = luaL_newstate();
  if (impl.state == nullptr) return fail(Errc::script, "no memory for a Lua state");
  impl.heap.attach(impl.state);
  if (impl.heap.limit() != 0) impl.collect_above = impl.heap.limit() / 2;
  lua_atpanic(impl.state, on_panic);
  impl.life = std::make_shared<lua_State*>(impl.state);
  impl.trampoline = keep(impl.state, run_body);
  impl.message_handler = keep(impl.state, keep_trace);
  TRY(impl.protect([&](lua_State* state) {
    open_sandbox(state, impl.options);
    open_values(state, impl);
    open_loader(state);
    make_strict(state);
    set_jit(state, may_compile(impl.options));
    return 0;
  }));
  // A capped heap must not fill up with garbage: LuaJIT does not collect when an allocation fails.
  if (impl.options.memory_limit != 0 && impl.options.memory_limit <= kSmallHeap) {
    lua_gc(impl.state, LUA_GCSETPAUSE, 110);
  } else {
    impl.heap.be_patient_below(impl.state, kSmallHeap);
    if (impl.options.keep_memory) impl.heap.keep_memory();
  }
  return vm;
}

Vm::~Vm() {
  if (!impl_ || impl_->state == nullptr) return;
  end();
  impl_->heap.close(impl_->state);
}

void Vm::end() {
  impl_->tasks.close();
  impl_->self.reset();
  impl_->life.reset();
  ObjectLink& head = impl_->objects;
  while (head.next != &head)
    head.next->release(*head.next);
}

Vm::RunsOnce::RunsOnce(Vm& vm) : vm_(vm) {
  set_jit(vm_.state(), false);
}

Vm::RunsOnce::~RunsOnce() {
  set_jit(vm_.state(), may_compile(vm_.impl().options));
}

Vm& Vm::of(lua_State* state) {
  return Heap::of(state).vm();
}

std::weak_ptr<Vm*> Vm::watch() const {
  return impl_->self;
}
lua_State* Vm::state() const {
  return impl_->state;
}
loop::Loop& Vm::loop() const {
  return impl_->loop;
}
const Services& Vm::services() const {
  return impl_->services;
}
const std::string& Vm::name() const {
  return impl_->options.name;
}
const std::shared_ptr<const Snapshot>& Vm::scripts() const {
  return impl_->options.scripts;
}
std::size_t Vm::heap_bytes() const {
  return impl_->heap.used();
}
const std::shared_ptr<std::size_t>& Vm::spawned() const {
  return impl_->spawned;
}

std::size_t Vm::live_tasks() const {
  return impl_->tasks.live();
}

Result<Ref> Vm::require(std::string_view name, Limits limits) {
  const Guard::Entry entry(impl_->state, after(std::min(limits.deadline, limits.slice)));
  Ref module;
  TRY(impl_->protect([&](lua_State* state) {
    script::require(state, name);
    module = Ref::pop(state);
    return 0;
  }));
  return module;
}

Result<Ref> Vm::compile(std::string_view source, std::string_view name) {
  Ref function;
  TRY(impl_->protect([&](lua_State* state) {
    if (load_chunk(state, source, name) != 0) return lua_error(state);
    function = Ref::pop(state);
    return 0;
  }));
  return function;
}

void Vm::call(const Ref& function,
              Arguments arguments,
              Limits limits,
              FunctionRef<void(Outcome)> done) {
  const int base = lua_gettop(impl_->state);
  Outcome outcome{.state = impl_->state};
  {
    const TimePoint begun = limits.begun == TimePoint{} ? Clock::now() : limits.begun;
    const Guard::Entry entry(impl_->state, later(begun, std::min(limits.deadline, limits.slice)));
    const Result<int> results = impl_->protect([&](lua_State* state) {
      function.push(state);
      outcome.entered = false;
      const int count = arguments ? arguments(state) : 0;
      outcome.entered = true;
      lua_call(state, count, LUA_MULTRET);
      return lua_gettop(state);
    });
    if (results) {
      outcome.results = *results;
    } else {
      outcome.status = fail(results.error());
    }
  }
  if (done) done(std::move(outcome));
  lua_settop(impl_->state, base);
}

TaskId Vm::spawn(
    const Ref& function, Arguments arguments, Limits limits, Done done, std::string_view name) {
  return impl_->tasks.spawn(function, arguments, limits, std::move(done), name);
}

void Vm::trace_next(std::shared_ptr<TraceLog> log) {
  impl_->tasks.trace_next(std::move(log));
}

void Vm::call_name_next(std::string_view name) {
  impl_->tasks.call_name_next(name);
}

void Vm::author_next(std::string_view author) {
  impl_->tasks.author_next(author);
}

void Vm::cancel(TaskId task, Errc reason) {
  impl_->tasks.cancel(task, reason);
}

void Vm::cancel_owner(std::uint64_t owner) {
  impl_->tasks.cancel_owner(owner);
}

}  // namespace engine::script
