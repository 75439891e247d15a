#pragma once

#include "base/result.hh"
#include "base/time.hh"
#include "store/env.hh"
#include "store/journal.hh"
#include "store/revision.hh"
#include "store/revision_log.hh"
#include "store/state.hh"

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

namespace engine::store {

/// The revisions since the last commit of the file, and the batch that is being added to them.
///
/// They are in two places: in the journal, which makes them durable by one flush; and in a layer
/// over the file as it was, which is what readers see and what refuses changes that do not fit.
/// From time to time what all of them have made of the document is written into the file at once,
/// and both begin anew. Revisions of class `soon` are in the layer only until somebody makes a
/// durable change.
///
/// Resource type. Used by the commit thread; `pending` by any.
class Uncommitted {
 public:
  /// At most so many revisions, or so many bytes of their text, until the file is committed.
  static constexpr std::size_t kMaxRevisions = 2048;
  static constexpr std::size_t kMaxBytes = 8UL << 20U;

  struct Options {
    std::filesystem::path directory;
    Identity identity;
    LogLimits log;
    std::size_t journal_bytes = 0;  ///< at first; 0: no journal
  };
  /// What `keep` did.
  struct Kept {
    std::size_t revisions = 0;  ///< that are durable now; 0: nothing was flushed
    Clock::duration flush_time{};
  };

  /// `head` is that of the file. The first two outlive this.
  Uncommitted(Env& env, Published& published, Head head, Options options);
  ~Uncommitted();
  Uncommitted(const Uncommitted&) = delete;
  Uncommitted& operator=(const Uncommitted&) = delete;

  /// Adds the next revision to the batch. After an error `drop` must follow.
  Result<> add(const RevisionPtr& revision);
  /// Makes the batch and all before it durable and visible; in the file itself if `in_file` or if
  /// the journal is full. ERRORS: as WriteTxn::commit and Journal::append; the batch is then
  /// dropped, what was there before stays.
  Result<Kept> keep(bool in_file);
  /// Takes the batch back.
  void drop();
  /// Gives the file more room after an error with kMapFull; drops the batch.
  Result<> grow();
  /// Whether `count` revisions of class `soon` may be shown without a commit before.
  [[nodiscard]] bool may_show(std::size_t count);
  /// Makes a revision of class `soon` visible. ERRORS: as Layered::edit; nothing has changed.
  Result<> show(const RevisionPtr& revision);
  /// What need not happen before writers are answered; after every call that made changes durable.
  void tidy();

  /// Not yet in the file, oldest first. Any thread.
  [[nodiscard]] std::vector<RevisionPtr> pending() const;
  /// Since when there have been some, if there are any.
  [[nodiscard]] std::optional<Clock::time_point> since() const;
  /// Lets `since` begin now.
  void postpone();
  [[nodiscard]] bool empty() const { return pending_.empty(); }
  /// Any thread.
  [[nodiscard]] std::size_t pending_count() const;
  /// Whether a flush failed, so that it is not known what is on the disk, or the file cannot take
  /// what is in the journal: nothing may be added.
  [[nodiscard]] bool has_failed() const { return failed_; }

 private:
  struct Layer;
  [[nodiscard]] RevisionId last() const { return pending_.back()->id; }
  Result<> begin_layer();
  Result<> lay_over(const Revision& revision);
  void begin_frame();
  bool goes_into_journal();
  void open_journal(std::size_t bytes);
  void use_journal(Result<std::unique_ptr<Journal>> opened);
  Result<> flush_frame();
  Result<> commit();
  Result<> write_into(const Txn& txn, Head& head) const;
  void note_failure(const Error& error);
  void publish(std::span<const RevisionPtr> revisions);

  Env& env_;
  Published& published_;
  Options options_;
  Head head_;  ///< of the file
  std::unique_ptr<Layer> layer_;
  std::unique_ptr<Journal> journal_;
  JournalFrame frame_;    ///< revisions after `journaled_`
  RevisionId journaled_;  ///< last revision that is durable
  bool journal_is_small_ = false;
  bool shows_ = false;  ///< class `soon` is used
  bool failed_ = false;
  std::vector<RevisionPtr> batch_;
  /// What is not needed any more, until `tidy`: to free it takes its time.
  struct Retired;
  std::unique_ptr<Retired> retired_;

  mutable std::mutex mutex_;
  std::vector<RevisionPtr> pending_;  ///< written by the commit thread
};

}  // namespace engine::store
