#include "script/heap.hh"

#include "script/traceback.hh"
#include "script/vm_impl.hh"

#include <sys/mman.h>
#if MOONBOX_LUAJIT_MENDED
#include <moonbox_luajit.h>
#endif

#include <cerrno>

namespace engine::script {

/// Keeps the traceback of `state`, which runs out of memory, for the error that follows.
static void note_out_of_memory(lua_State* state);

}  // namespace engine::script

namespace {

/// Whether the allocation under way on this thread must not give memory back to the kernel.
thread_local bool memory_is_kept = false;

/// Whether this thread closes a state: nobody will look at what it unmaps.
thread_local bool memory_is_let_go = false;

}  // namespace

// The linker puts these in the place of the functions in all that is linked statically
// (CMakeLists.txt): LuaJIT has no switch for the first two, but goes on well when they fail.
extern "C" {

int __real_munmap(void* begin, std::size_t size);
int __wrap_munmap(void* begin, std::size_t size);
void* __real_mremap(void* begin, std::size_t size, std::size_t wanted, int flags, void* target);
void* __wrap_mremap(void* begin, std::size_t size, std::size_t wanted, int flags, void* target);

int __wrap_munmap(void* begin, std::size_t size) {
  if (!memory_is_kept) {
    // munmap holds the lock of all mappings while it frees the pages, and a thread that has little
    // right to a processor may hold it for milliseconds: a serving thread whose JIT wants memory
    // waits for it. Freed before, under the lock of this one mapping (Linux 6.17; the same as
    // before on older ones), the pages take no time there.
    if (memory_is_let_go) ::madvise(begin, size, MADV_DONTNEED);
    return __real_munmap(begin, size);
  }
  errno = ENOMEM;
  return -1;
}

/// `target` is nobody's concern unless the flags say that there is one; then it is passed on.
void* __wrap_mremap(void* begin, std::size_t size, std::size_t wanted, int flags, void* target) {
  if (!memory_is_kept) return __real_mremap(begin, size, wanted, flags, target);
  errno = ENOMEM;
  return MAP_FAILED;
}

/// Weak: a LuaJIT that is linked dynamically keeps its own.
[[noreturn]] [[gnu::weak]] void __real_lj_err_mem(lua_State* state);
[[noreturn]] void __wrap_lj_err_mem(lua_State* state);

/// LuaJIT raises that an allocation failed. No message handler is called for it, and it leaves
/// nothing of the stack behind, so this is the moment to look where it was.
void __wrap_lj_err_mem(lua_State* state) {
  engine::script::note_out_of_memory(state);
  __real_lj_err_mem(state);
}
}

namespace engine::script {

/// Whether the state's own idea of its stack can be trusted. While compiled code runs, or collects,
/// it is out of date.
static bool knows_its_stack([[maybe_unused]] lua_State* state) {
#if MOONBOX_LUAJIT_MENDED
  constexpr int kInterpreted = ~0;
  constexpr int kInC = ~1;
  const int doing = moonbox_vmstate(state);
  return doing == kInterpreted || doing == kInC;
#else
  return false;
#endif
}

static void note_out_of_memory(lua_State* state) {
  const Heap* const heap = Heap::find(state);
  if (heap == nullptr) return;
  std::string& trace = heap->vm().impl().memory_trace;
  trace = knows_its_stack(state) ? traceback(state, 0) : std::string();
}

namespace {

/// Blocks near this size and above have a mapping of their own, which goes with them.
constexpr std::size_t kOwnMapping = 64UL << 10U;

// How large a heap may have become when it is collected again, in percent of what was alive.
constexpr int kPatient = 800;
constexpr int kUsual = 200;

}  // namespace

void Heap::attach(lua_State* state) {
  inner_ = lua_getallocf(state, &inner_data_);
  used_ = static_cast<std::size_t>(lua_gc(state, LUA_GCCOUNT, 0)) * 1024 +
          static_cast<std::size_t>(lua_gc(state, LUA_GCCOUNTB, 0));
  lua_setallocf(state, &Heap::allocate, this);
}

void Heap::be_patient_below(lua_State* state, std::size_t size) {
  state_ = state;
  patient_below_ = size;
  lua_gc(state, LUA_GCSETPAUSE, kPatient);
}

/// Only sets two numbers: the state is in the middle of an allocation.
void Heap::lose_patience() {
  patient_below_ = SIZE_MAX;
  lua_gc(state_, LUA_GCSETPAUSE, kUsual);
  lua_gc(state_, LUA_GCRESTART, 0);  // the next collection begins now
}

void Heap::close(lua_State* state) {
  lua_setallocf(state, inner_, inner_data_);
  memory_is_let_go = true;
  lua_close(state);
  memory_is_let_go = false;
}

void* Heap::allocate(void* self, void* block, std::size_t old_size, std::size_t new_size) {
  auto& heap = *static_cast<Heap*>(self);
  const bool grows = new_size > old_size;
  if (grows && heap.limit_ != 0 && heap.used_ + (new_size - old_size) > heap.limit_) [[unlikely]] {
    return nullptr;
  }
  if (grows && heap.used_ > heap.patient_below_) [[unlikely]]
    heap.lose_patience();
  memory_is_kept = heap.keeps_memory_ && heap.patient_below_ != SIZE_MAX && old_size < kOwnMapping;
  void* moved = heap.inner_(heap.inner_data_, block, old_size, new_size);
  memory_is_kept = false;
  if (moved != nullptr || new_size == 0) heap.used_ += new_size - old_size;
  return moved;
}

}  // namespace engine::script
