#pragma once

#include "base/result.hh"
#include "json/pointer.hh"
#include "store/revision.hh"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace engine::store {

class Store;

/// An update as it is sent: JSON text. Patches and values are encoded once for all who follow the
/// same scope.
using FeedText = std::shared_ptr<const std::string>;

/// Somebody who follows a scope; ends when destroyed. Move-only. Any thread, one at a time.
class Feed {
 public:
  Feed() = default;
  Feed(Feed&&) noexcept = default;
  Feed& operator=(Feed&& other) noexcept;
  ~Feed();

  /// The next update, or null: `{"id":N,"patch":[…],"prev":M}` relative to the scope, M being the
  /// id of the update before, or, when too many have waited, the value itself instead of them:
  /// `{"id":N,"value":…}`. Ids grow from one to the next. Reading that value takes as long as it
  /// is.
  FeedText take();
  /// No update will come any more: the store closes, or the scope could not be read.
  [[nodiscard]] bool ended() const;
  /// It has ended because the scope could not be read.
  [[nodiscard]] bool failed() const;

 private:
  friend class Feeds;
  struct Shared;
  struct Scope;
  struct Follower;
  Feed(std::shared_ptr<Shared> shared, std::shared_ptr<Follower> follower);
  FeedText take_value();

  std::shared_ptr<Shared> shared_;
  std::shared_ptr<Follower> follower_;
};

/// What a follower begins with.
struct FeedStart {
  FeedText dump;                    ///< `{"id":N,"value":…}`; null when `revisions` says it
  std::vector<FeedText> revisions;  ///< what came after `since`, the last with the newest id
};

struct FeedsStats {
  std::uint64_t followers = 0;
  std::uint64_t scopes = 0;         ///< distinct ones
  std::uint64_t visited = 0;        ///< places of the index looked at for revisions, ever
  std::uint64_t told = 0;           ///< times a scope was told of a revision: one encoding each
  std::uint64_t readings = 0;       ///< times a value was read and written out
  std::uint64_t waiting_bytes = 0;  ///< of updates that followers have not taken yet
};

/// Tells any number of followers how parts of the document change. A scope that names nothing has
/// the value null; `*` stands for any one token, and then the value is an object of what each names
/// (scope_view.hh). To tell of a revision costs the scopes it concerns, however many are followed;
/// no value is kept but those asked for since they changed last. Any thread.
/// REQUIRES: destroyed before the store; feeds may outlive both.
class Feeds {
 public:
  explicit Feeds(Store& store);
  ~Feeds();
  Feeds(const Feeds&) = delete;
  Feeds& operator=(const Feeds&) = delete;

  /// Follows `scope`; the start and what comes later fit together without a gap. `wake` runs on any
  /// thread, under a lock, when there may be something to take: it may only post.
  /// With `since`, the start is the revisions after it, if the log reaches back to it and they can
  /// be told without the value they changed. ERRORS: Errc::busy, Errc::corrupt, Errc::closed.
  Result<Feed> open(const json::Pointer& scope,
                    std::optional<RevisionId> since,
                    std::function<void()> wake,
                    FeedStart& start);
  /// The newest revision. Each follower will come to an update with an id not below it, an empty
  /// one if nothing changed in its scope.
  RevisionId sync();
  [[nodiscard]] FeedsStats stats() const;
  /// Ends all feeds once their updates are taken. Idempotent.
  void close();

 private:
  std::shared_ptr<Feed::Shared> shared_;
};

}  // namespace engine::store
