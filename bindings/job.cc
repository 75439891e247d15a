#include "bindings/modules.hh"
#include "event/job_table.hh"
#include "script/object.hh"
#include "script/task.hh"
#include "script/thunk.hh"

#include <cmath>
#include <memory>
#include <string>
#include <vector>

namespace engine::bindings {
namespace {

using event::JobSnapshot;
using event::JobTable;
using script::Ref;
using script::Resumer;
using script::Vm;

Result<JobTable*> table(lua_State* state) {
  JobTable* found = Vm::of(state).services().find<JobTable>();
  if (found == nullptr) return fail(Errc::not_found, "this program has no jobs");
  return found;
}

int push_snapshot(lua_State* state, const JobSnapshot& snapshot) {
  if (Result<> pushed = script::push_json(state, snapshot.to_json()); !pushed) {
    return script::push_failure(state, pushed.error());
  }
  return 1;
}

// --- the one who works --------------------------------------------------------------------------

/// A job as the script that does it sees it.
struct ScriptJob {
  static constexpr const char* kLuaName = "engine.job.Job";
  event::Job job;
  std::vector<Ref> hooks;  ///< to run when somebody cancels
};
using Handle = std::shared_ptr<ScriptJob>;

/// Runs the hooks once, each in a task of its own. On the VM's loop.
void run_hooks(Vm& vm, ScriptJob& job) {
  for (const Ref& hook : std::exchange(job.hooks, {}))
    vm.spawn(hook, {}, {}, {}, "on_cancel");
}

/// A task that waits until its job is written down; owned by the suspended task.
struct Beginner {
  Resumer resumer;
};

/// Gives the task its job. On the VM's loop.
void hand_over(Vm& vm, Beginner& beginner, event::Job&& begun) {
  auto job = std::shared_ptr<ScriptJob>(new ScriptJob{std::move(begun), {}});
  // The hook runs on the thread that cancels: only its posted part may touch the job.
  job->job.on_cancel([loop = &vm.loop(), vm = vm.watch(), weak = std::weak_ptr(job)] {
    loop->post([vm, weak] {
      const auto alive = vm.lock();
      const Handle target_job = weak.lock();
      if (alive && target_job) run_hooks(**alive, *target_job);
    });
  });
  beginner.resumer.resume([job = std::move(job)](lua_State* state) mutable {
    script::push_object(state, std::move(job));
    return 1;
  });
}

/// job.create{kind=…, target?, title?} → job | nil, err   *async*
Result<int> job_create(lua_State* state) {
  luaL_checktype(state, 1, LUA_TTABLE);
  std::string kind = script::field_string(state, 1, "kind").value_or("");
  if (kind.empty()) luaL_argerror(state, 1, "a `kind` expected");
  std::string target = script::field_string(state, 1, "target").value_or("");
  std::string title = script::field_string(state, 1, "title").value_or("");
  TRY_ASSIGN(JobTable* const jobs, table(state));
  return script::suspend(state, [&](Resumer resumer) -> script::Cancel {
    Vm& vm = Vm::of(state);
    auto beginner = std::make_shared<Beginner>(std::move(resumer));
    // Nobody may wait any more when it comes: then the job is let go, and so cancelled.
    const auto begun = [loop = &vm.loop(), vm = vm.watch(), weak = std::weak_ptr(beginner)](
                           Result<event::Job> result) {
      auto shared = std::make_shared<Result<event::Job>>(std::move(result));
      loop->post([vm, weak, shared] {
        const auto alive = vm.lock();
        const auto waiting = weak.lock();
        if (!alive || !waiting) return;
        if (*shared) return hand_over(**alive, *waiting, std::move(**shared));
        waiting->resumer.resume(
            [shared](lua_State* to) { return script::push_failure(to, shared->error()); });
      });
    };
    jobs->begin(std::move(kind), std::move(target), std::move(title), begun);
    return [beginner] {};
  });
}

/// job:id() → string
int job_id(lua_State* state) {
  script::push_string(state, script::check_object<ScriptJob>(state, 1)->job.id());
  return 1;
}

/// job:progress(tree) → true | nil, err
Result<int> job_progress(lua_State* state) {
  const Handle job = script::check_object<ScriptJob>(state, 1);
  luaL_checkany(state, 2);
  TRY_ASSIGN(std::string tree, script::to_json(state, 2));
  job->job.progress(std::move(tree));
  lua_pushboolean(state, 1);
  return 1;
}

/// job:finish(result?) → true | nil, err
Result<int> job_finish(lua_State* state) {
  const Handle job = script::check_object<ScriptJob>(state, 1);
  std::string result = "null";
  if (!lua_isnoneornil(state, 2)) {
    TRY_ASSIGN(result, script::to_json(state, 2));
  }
  job->hooks.clear();
  job->job.finish(std::move(result));
  lua_pushboolean(state, 1);
  return 1;
}

/// job:fail(err) → true. `err` is an error table or a text.
int job_fail(lua_State* state) {
  const Handle job = script::check_object<ScriptJob>(state, 1);
  luaL_checkany(state, 2);
  job->hooks.clear();
  job->job.fail(script::to_error(state, 2));
  lua_pushboolean(state, 1);
  return 1;
}

/// job:cancelled() → boolean
int job_cancelled(lua_State* state) {
  lua_pushboolean(state, script::check_object<ScriptJob>(state, 1)->job.cancelled() ? 1 : 0);
  return 1;
}

/// job:on_cancel(fn): fn runs once in a task of its own, soon when that has happened already
int job_on_cancel(lua_State* state) {
  const Handle job = script::check_object<ScriptJob>(state, 1);
  luaL_checktype(state, 2, LUA_TFUNCTION);
  lua_settop(state, 2);
  job->hooks.push_back(Ref::pop(state));
  if (job->job.cancelled()) {
    Vm& vm = Vm::of(state);
    vm.loop().post([vm = vm.watch(), weak = std::weak_ptr(job)] {
      const auto alive = vm.lock();
      const Handle target = weak.lock();
      if (alive && target) run_hooks(**alive, *target);
    });
  }
  return 0;
}

// --- those who look on --------------------------------------------------------------------------

/// job.list() → snapshots, oldest first | nil, err
Result<int> job_list(lua_State* state) {
  TRY_ASSIGN(JobTable* const jobs, table(state));
  const std::vector<JobSnapshot> snapshots = jobs->list();
  lua_createtable(state, static_cast<int>(snapshots.size()), 0);
  script::mark_array(state);
  for (std::size_t i = 0; i < snapshots.size(); ++i) {
    TRY(script::push_json(state, snapshots[i].to_json()));
    lua_rawseti(state, -2, static_cast<int>(i) + 1);
  }
  return 1;
}

/// job.get(id) → snapshot | nil, err
Result<int> job_get(lua_State* state) {
  const std::string id(script::check_string(state, 1));
  TRY_ASSIGN(JobTable* const jobs, table(state));
  TRY_ASSIGN(const JobSnapshot snapshot, jobs->get(id));
  return push_snapshot(state, snapshot);
}

/// job.cancel(id) → true | nil, err
Result<int> job_cancel(lua_State* state) {
  const std::string id(script::check_string(state, 1));
  TRY_ASSIGN(JobTable* const jobs, table(state));
  TRY(jobs->cancel(id));
  lua_pushboolean(state, 1);
  return 1;
}

/// A task that waits for the end of a job; owned by the suspended task.
struct Waiter {
  Resumer resumer;
  std::unique_ptr<loop::Timer> timer;
};

void resume_with(const std::weak_ptr<Waiter>& weak, Result<JobSnapshot> result) {
  const auto waiter = weak.lock();
  if (!waiter) return;
  waiter->resumer.resume([result = std::move(result)](lua_State* state) {
    return result ? push_snapshot(state, *result) : script::push_failure(state, result.error());
  });
}

/// Begins to wait; the completion comes from any thread, so it only posts.
Result<script::Cancel> begin_wait(
    JobTable& jobs, loop::Loop& loop, const std::string& id, double timeout, Resumer resumer) {
  auto waiter = std::make_shared<Waiter>(std::move(resumer), nullptr);
  const std::weak_ptr<Waiter> weak = waiter;
  const auto ended = [loop = &loop, weak](const JobSnapshot& snapshot) {
    loop->post([weak, snapshot] { resume_with(weak, snapshot); });
  };
  TRY_ASSIGN(const std::uint64_t number, jobs.wait(id, ended));
  if (timeout >= 0) {
    waiter->timer = std::make_unique<loop::Timer>(loop);
    const double milliseconds = std::ceil(std::min(timeout, 1e9) * 1000);
    waiter->timer->start(Milliseconds(static_cast<std::int64_t>(milliseconds)),
                         [weak, id, number, jobs = &jobs] {
                           jobs->forget(id, number);
                           resume_with(weak, fail(Errc::timeout, "the job goes on"));
                         });
  }
  return [waiter, id, number, jobs = &jobs] { jobs->forget(id, number); };
}

/// job.wait(id, timeout?) → snapshot of the ended job | nil, err (`timeout`, `not_found`)   *async*
Result<int> job_wait(lua_State* state) {
  const std::string id(script::check_string(state, 1));
  const double timeout = luaL_optnumber(state, 2, -1);
  TRY_ASSIGN(JobTable* const jobs, table(state));
  TRY_ASSIGN(const JobSnapshot now, jobs->get(id));
  if (!now.is_running()) return push_snapshot(state, now);
  return script::suspend(state, [&](Resumer resumer) -> script::Cancel {
    loop::Loop& loop = Vm::of(state).loop();
    // It cannot have been forgotten between the look and this, unless it ended long ago: then the
    // dropped resumer says so.
    auto cancel = begin_wait(*jobs, loop, id, timeout, std::move(resumer));
    return cancel ? std::move(*cancel) : script::Cancel();
  });
}

constexpr luaL_Reg kJobMethods[] = {{"id", script::thunk<job_id>},
                                    {"progress", script::thunk<job_progress>},
                                    {"finish", script::thunk<job_finish>},
                                    {"fail", script::thunk<job_fail>},
                                    {"cancelled", script::thunk<job_cancelled>},
                                    {"on_cancel", script::thunk<job_on_cancel>},
                                    {nullptr, nullptr}};

constexpr luaL_Reg kFunctions[] = {{"create", script::thunk<job_create>},
                                   {"list", script::thunk<job_list>},
                                   {"get", script::thunk<job_get>},
                                   {"wait", script::thunk<job_wait>},
                                   {"cancel", script::thunk<job_cancel>},
                                   {nullptr, nullptr}};

}  // namespace

int open_job(lua_State* state) {
  script::define_class<ScriptJob>(state, kJobMethods);
  luaL_newlib(state, kFunctions);
  return 1;
}

}  // namespace engine::bindings
