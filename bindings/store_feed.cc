#include "bindings/store_feed.hh"

#include "loop/loop.hh"
#include "script/object.hh"
#include "script/task.hh"
#include "script/thunk.hh"

#include <memory>
#include <string>
#include <utility>

namespace engine::bindings {
namespace {

using script::Resumer;

/// A feed as scripts hold it. On the thread of its VM.
struct LuaFeed {
  static constexpr const char* kLuaName = "engine.store.Feed";

  explicit LuaFeed(loop::Loop& on) : loop(on) {}

  loop::Loop& loop;
  std::optional<Resumer> waiting;
  store::Feed feed;  // last, so that it ends before what its callback uses
};

int push_closed(lua_State* state) {
  return script::push_failure(state, {.code = Errc::closed, .message = "the feed has ended"});
}

int push_end(lua_State* state, bool failed) {
  if (!failed) return push_closed(state);
  return script::push_failure(
      state, {.code = Errc::corrupt, .message = "what is followed could not be read"});
}

int push_update(lua_State* state, const store::FeedText& text, bool failed) {
  if (text == nullptr) return push_end(state, failed);
  script::push_string(state, *text);
  return 1;
}

/// Wakes the script if it waits and something has come. Should its task have been cancelled
/// meanwhile, that update is lost with it, as the reader is.
void wake(const std::shared_ptr<LuaFeed>& feed) {
  if (!feed->waiting) return;
  auto text = feed->feed.take();
  if (text == nullptr && !feed->feed.ended()) return;
  auto resumer = std::exchange(feed->waiting, std::nullopt);
  const bool failed = feed->feed.failed();
  resumer->resume([text = std::move(text), failed](lua_State* state) {
    return push_update(state, text, failed);
  });
}

/// feed:next() → text | nil, err   *async*
int feed_next(lua_State* state) {
  const auto feed = script::check_object<LuaFeed>(state, 1);
  if (feed->waiting) return luaL_error(state, "another task waits for this feed");
  if (const auto text = feed->feed.take(); text != nullptr) {
    return push_update(state, text, false);
  }
  if (feed->feed.ended()) return push_end(state, feed->feed.failed());
  return script::suspend(state, [&](Resumer resumer) -> script::Cancel {
    feed->waiting.emplace(std::move(resumer));
    // What came between the look above and here has found nobody waiting.
    feed->loop.post([weak = std::weak_ptr(feed)] {
      if (const auto alive = weak.lock()) wake(alive);
    });
    return [weak = std::weak_ptr(feed)] {
      if (const auto alive = weak.lock()) alive->waiting.reset();
    };
  });
}

/// feed:close()
int feed_close(lua_State* state) {
  const auto feed = script::take_object<LuaFeed>(state, 1);
  if (!feed) return 0;
  feed->feed = store::Feed();
  if (auto resumer = std::exchange(feed->waiting, std::nullopt)) resumer->resume(&push_closed);
  return 0;
}

std::string joined(const std::vector<store::FeedText>& texts) {
  std::string list = "[";
  for (const auto& text : texts) {
    if (list.size() > 1) list += ',';
    list += *text;
  }
  return list + ']';
}

/// {dump} or {revisions}, as raw JSON. [-0, +1]
void push_start(lua_State* state, const store::FeedStart& start) {
  lua_createtable(state, 0, 1);
  if (start.dump != nullptr) {
    script::push_raw(state, *start.dump);
    lua_setfield(state, -2, "dump");
  } else {
    script::push_raw(state, joined(start.revisions));
    lua_setfield(state, -2, "revisions");
  }
}

}  // namespace

void define_feed(lua_State* state) {
  const luaL_Reg methods[] = {{"next", script::thunk<&feed_next>},
                              {"close", script::thunk<&feed_close>},
                              {nullptr, nullptr}};
  script::define_class<LuaFeed>(state, methods);
}

Result<int> push_feed(lua_State* state,
                      store::Feeds& feeds,
                      const json::Pointer& scope,
                      std::optional<store::RevisionId> since) {
  auto feed = std::make_shared<LuaFeed>(script::Vm::of(state).loop());
  const auto waken = [raw = feed.get(), weak = std::weak_ptr(feed)] {
    raw->loop.post([weak] {
      if (const auto alive = weak.lock()) wake(alive);
    });
  };
  store::FeedStart start;
  TRY_ASSIGN(feed->feed, feeds.open(scope, since, waken, start));
  script::push_object(state, std::move(feed));
  push_start(state, start);
  return 2;
}

}  // namespace engine::bindings
