#pragma once

#include "app/daemon/call_table.hh"
#include "app/daemon/generation.hh"
#include "app/daemon/metrics.hh"
#include "app/daemon/request.hh"
#include "loop/loop.hh"
#include "loop/offload.hh"
#include "script/guard.hh"
#include "script/live.hh"
#include "script/vm.hh"

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <vector>

namespace engine::app {

class Tracer;

/// What a VM knows of one context: found once for every call.
struct LoadedTree {
  std::shared_ptr<const rpc::MethodTable> methods;
  std::vector<script::Ref> runners;  ///< of each method, in the order of the table
  std::vector<script::Ref> names;    ///< of each method: what its calls have as `path`
  /// Of each method, on this thread; null until it is called.
  mutable std::vector<Metrics::Counters*> counters;
  script::Ref plain_context;  ///< the `ctx` table of calls without attributes
};

/// A VM that has the trees of one generation loaded. Lives on the thread of its ScriptLoop.
struct LoadedVm {
  std::shared_ptr<const Generation> generation;
  std::unique_ptr<script::Vm> vm;
  std::map<std::string, LoadedTree, std::less<>> trees;  ///< by context
  script::Live made;  ///< what making it has added to the count of the thread that made it
  CallTables call_tables;
  /// Runners that few calls need, made when the first one does; by maker, context and method.
  std::map<std::string, script::Ref, std::less<>> side_runners;

  /// Null when this generation has no such context.
  [[nodiscard]] const LoadedTree* tree(std::string_view context) const;

 private:
  /// What was found last: nearly all calls of a thread are of one context.
  mutable const std::pair<const std::string, LoadedTree>* recent_ = nullptr;
};

/// One thread, its loop and its VM of the current generation. VMs of earlier generations live on
/// until their last task has ended. Resource type; `loop`, `post` and the constructor's thread
/// rules aside, every method runs on the loop's thread.
class ScriptLoop {
 public:
  /// What a VM may hold before scripts get `not enough memory`.
  static constexpr std::size_t kMemory = 256UL << 20U;

  ScriptLoop(std::string name,
             const script::Services& services,
             std::span<const script::Module> modules,
             std::size_t memory = kMemory);
  ScriptLoop(const ScriptLoop&) = delete;
  ScriptLoop& operator=(const ScriptLoop&) = delete;
  ~ScriptLoop();

  /// VMs that have been replaced are closed on a thread of `pool`: freeing all a VM holds takes
  /// milliseconds, which requests would wait for. REQUIRES: before the loop runs; `pool` outlives
  /// it.
  void close_old_on(loop::OffloadPool& pool) { closer_ = &pool; }

  /// Runs the loop on a thread of its own. Not for the control loop, which is the main thread.
  void start_thread();
  /// Stops and joins; VMs are closed on their thread. Any other thread.
  void stop_thread();
  /// Closes all VMs (shutdown).
  void close();

  [[nodiscard]] loop::Loop& loop() { return loop_; }

  /// Makes a VM for `generation`; on any thread, so that the loop goes on serving meanwhile.
  /// ERRORS: Errc::script.
  Result<std::unique_ptr<LoadedVm>> build(std::shared_ptr<const Generation> generation);
  /// Counts what `built` holds (script::live) as the calling thread's; before it dies there.
  static void claim(LoadedVm& built);
  /// Keeps it aside. From here on it belongs to the loop's thread.
  void adopt(std::unique_ptr<LoadedVm> built);
  /// The prepared VM becomes the current one.
  void commit();
  /// Makes the VM if this loop has none of `generation` yet (blocking pool: on demand).
  Result<> ensure(const std::shared_ptr<const Generation>& generation);
  /// Lets a current VM of an older generation go, when its calls have ended. Not from inside one.
  void drop_before(std::uint64_t generation);

  /// Bytes of the current VM after its last request, and requests under way. Thread-safe.
  [[nodiscard]] std::size_t heap_bytes() const { return heap_bytes_; }
  [[nodiscard]] std::size_t under_way() const { return under_way_; }
  /// How many VMs this loop has taken after its first. Thread-safe.
  [[nodiscard]] std::uint64_t reloads() const { return reloads_; }
  /// For tasks that are no requests: from `enter` until `leave`, cancel_connection looks here too.
  /// Any thread.
  void enter() { ++under_way_; }
  void leave() { --under_way_; }
  [[nodiscard]] const std::string& name() const { return loop_.name(); }

  [[nodiscard]] LoadedVm* current() const { return current_.get(); }

  /// Runs a method of the current generation. `reply` gets the JSON text of the result, on this
  /// thread, possibly before this returns.
  void execute(Request request, Reply reply);
  /// The same with a `method` of `tree`, which is one of the current VM's.
  /// `params` instead of those of `request`, which are not looked at.
  void execute(const LoadedTree& tree,
               const rpc::Method& method,
               const Request& request,
               std::string_view params,
               Reply reply);
  /// The same from any thread; `reply` runs on the loop's.
  void submit(Request request, Reply reply);

  /// Cancels what runs, or waits to run, for a connection that has gone, except `detached`
  /// requests: what it waits for ends with `cancelled`, and if it does not wait, the guard stops
  /// it. Thread-safe; costs next to nothing when nothing is under way.
  void cancel_connection(std::uint64_t connection);

  /// Spawns `module[function]()` as a task of the current VM, if the module has such a function.
  void spawn_hook(std::string_view module,
                  std::string_view function,
                  Milliseconds deadline,
                  UniqueFunction<void()> done);

 private:
  struct Started {
    const script::Ref& runner;
    script::Limits limits;
    script::Arguments arguments;
    Reply reply;
    std::shared_ptr<script::Ref> kept;  ///< the call, where its response head is asked for
  };
  void start(LoadedVm& loaded, const rpc::Method& method, const Request& request, Started call);
  void follow(LoadedVm& loaded, const rpc::Method& method, const Request& request, Started call);
  static Result<script::Ref> side_runner(LoadedVm& loaded,
                                         const std::string& maker,
                                         const std::string& context,
                                         const std::string& method);
  void forget_connection(std::uint64_t connection);
  void retire(std::unique_ptr<LoadedVm> old);
  void close_later(std::unique_ptr<LoadedVm> ended);
  void sweep();

  loop::Loop loop_;
  const script::Services& services_;
  std::span<const script::Module> modules_;
  std::size_t memory_;
  loop::OffloadPool* closer_ = nullptr;
  std::thread thread_;
  std::unique_ptr<LoadedVm> current_;
  std::unique_ptr<LoadedVm> prepared_;
  std::vector<std::unique_ptr<LoadedVm>> retired_;
  loop::Timer sweep_timer_;
  std::atomic<std::size_t> under_way_{0};  ///< requests submitted and those with a task
  std::atomic<std::size_t> heap_bytes_{0};
  bool loaded_before_ = false;
  std::atomic<std::uint64_t> reloads_{0};
  Tracer* tracer_ = nullptr;  ///< null: this program follows no calls
  script::Guard::Stopper stopper_;
};

}  // namespace engine::app
