#include "bindings/store_watch.hh"

#include "loop/loop.hh"
#include "script/object.hh"
#include "script/task.hh"
#include "script/thunk.hh"

#include <algorithm>
#include <cmath>
#include <mutex>
#include <optional>
#include <string>

namespace engine::bindings {
namespace {

using script::Resumer;

/// Patch text kept for a script that does not ask; beyond it the watch only knows that it lags.
constexpr std::size_t kMaxBytes = 256UL << 10U;

/// What has come since the script asked last. Filled by the commit thread, emptied by the script's.
class Inbox {
 public:
  struct Update {
    store::RevisionId revision = 0;
    std::string patch;  ///< operations of all revisions, without the brackets
    bool lagged = false;
  };

  void add(const store::Revision& revision) {
    const std::lock_guard lock(mutex_);
    if (!update_) update_.emplace();
    update_->revision = revision.id;
    if (update_->patch.size() + revision.text.size() > kMaxBytes) update_->lagged = true;
    if (update_->lagged) {
      update_->patch.clear();
      return;
    }
    if (!update_->patch.empty()) update_->patch += ',';
    update_->patch.append(revision.text, 1, revision.text.size() - 2);
  }
  std::optional<Update> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(update_, std::nullopt);
  }
  [[nodiscard]] bool empty() const {
    const std::lock_guard lock(mutex_);
    return !update_.has_value();
  }

 private:
  mutable std::mutex mutex_;
  std::optional<Update> update_;
};

/// A watch as scripts hold it. On the thread of its VM, but for the inbox.
struct LuaWatch {
  static constexpr const char* kLuaName = "engine.store.Watch";

  explicit LuaWatch(loop::Loop& on) : loop(on), timer(on) {}

  loop::Loop& loop;
  Inbox inbox;
  std::optional<Resumer> waiting;
  loop::Timer timer;
  store::Watch watch;  // last, so that it ends before what its callback uses
};

int push_update(lua_State* state, const Inbox::Update& update) {
  lua_createtable(state, 0, 2);
  lua_pushnumber(state, static_cast<lua_Number>(update.revision));
  lua_setfield(state, -2, "revision");
  if (update.lagged) {
    lua_pushboolean(state, 1);
    lua_setfield(state, -2, "lagged");
    return 1;
  }
  if (auto pushed = script::push_json(state, '[' + update.patch + ']'); !pushed) {
    return script::push_failure(state, pushed.error());
  }
  lua_setfield(state, -2, "patch");
  return 1;
}

std::optional<Resumer> take_waiter(LuaWatch& watch) {
  watch.timer.cancel();
  return std::exchange(watch.waiting, std::nullopt);
}

/// Wakes the script if it waits and something has come. Should its task have been cancelled
/// meanwhile, the update stays for the next call.
void wake(const std::shared_ptr<LuaWatch>& watch) {
  if (!watch->waiting || watch->inbox.empty()) return;
  auto resumer = take_waiter(*watch);
  resumer->resume([watch](lua_State* state) {
    const auto update = watch->inbox.take();
    if (update) return push_update(state, *update);
    return script::push_failure(state, {.code = Errc::busy, .message = "another task was faster"});
  });
}

void end_waiting(LuaWatch& watch, Error error) {
  if (auto resumer = take_waiter(watch); resumer) {
    resumer->resume([error = std::move(error)](lua_State* state) {
      return script::push_failure(state, error);
    });
  }
}

void start_timer(const std::shared_ptr<LuaWatch>& watch, double seconds) {
  const double milliseconds = std::ceil(std::clamp(seconds, 0.0, 1e9) * 1000);
  watch->timer.start(
      Milliseconds(static_cast<std::int64_t>(milliseconds)), [weak = std::weak_ptr(watch)] {
        if (const auto alive = weak.lock()) {
          end_waiting(*alive, {.code = Errc::timeout, .message = "no change in time"});
        }
      });
}

/// watch:next(timeout?) → {revision, patch | lagged} | nil, err   *async*
int watch_next(lua_State* state) {
  const auto watch = script::check_object<LuaWatch>(state, 1);
  const double timeout = luaL_optnumber(state, 2, -1);
  if (watch->waiting) return luaL_error(state, "another task waits for this watch");
  if (const auto update = watch->inbox.take(); update) return push_update(state, *update);
  return script::suspend(state, [&](Resumer resumer) -> script::Cancel {
    watch->waiting.emplace(std::move(resumer));
    if (timeout >= 0) start_timer(watch, timeout);
    // What came between the look above and here has found nobody waiting.
    watch->loop.post([weak = std::weak_ptr(watch)] {
      if (const auto alive = weak.lock()) wake(alive);
    });
    return [weak = std::weak_ptr(watch)] {
      if (const auto alive = weak.lock()) (void)take_waiter(*alive);
    };
  });
}

/// watch:close()
int watch_close(lua_State* state) {
  const auto watch = script::take_object<LuaWatch>(state, 1);
  if (!watch) return 0;
  watch->watch = store::Watch();
  end_waiting(*watch, {.code = Errc::closed, .message = "the watch is closed"});
  return 0;
}

}  // namespace

void define_watch(lua_State* state) {
  const luaL_Reg methods[] = {{"next", script::thunk<&watch_next>},
                              {"close", script::thunk<&watch_close>},
                              {nullptr, nullptr}};
  script::define_class<LuaWatch>(state, methods);
}

void push_watch(lua_State* state, store::Store& store, const json::Pointer& scope) {
  auto watch = std::make_shared<LuaWatch>(script::Vm::of(state).loop());
  // The commit thread may not own the watch, or it could be the one to destroy it.
  watch->watch = store.watch(
      scope, [raw = watch.get(), weak = std::weak_ptr(watch)](const store::RevisionPtr& revision) {
        raw->inbox.add(*revision);
        raw->loop.post([weak] {
          if (const auto alive = weak.lock()) wake(alive);
        });
      });
  script::push_object(state, std::move(watch));
}

}  // namespace engine::bindings
