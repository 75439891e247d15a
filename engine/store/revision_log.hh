#pragma once

#include "base/result.hh"
#include "store/revision.hh"
#include "store/state.hh"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace engine::store {

/// How much of the log is kept: at least `count` revisions or those of the last `age`, whichever is
/// more, but never more than `bytes`.
struct LogLimits {
  std::size_t count = 10'000;
  std::chrono::seconds age = std::chrono::hours(24);
  std::size_t bytes = 64UL << 20U;
};

/// A revision but for its id and `schema`, as the log and the journal keep it.
void encode(const Revision& revision, std::string& out);
/// ERRORS: Errc::corrupt.
Result<std::shared_ptr<Revision>> decode(RevisionId id, std::string_view payload);

/// Appends it to table `revs` and counts it in `head`. ERRORS: Errc::no_space.
Result<> append_revision(const Txn& txn, const Revision& revision, Head& head);

/// Deletes the oldest revisions beyond the limits, at most `most` of them.
Result<> trim_log(const Txn& txn, const LogLimits& limits, std::size_t most, Head& head);

/// The revisions after `since`, oldest first. ERRORS: Errc::corrupt.
Result<std::vector<RevisionPtr>> load_revisions(const Txn& txn, RevisionId since);

/// Calls `visit` with the revisions before `before`, newest first, until it says false. ERRORS:
/// Errc::corrupt.
Result<> each_before(const Txn& txn,
                     RevisionId before,
                     const std::function<bool(const RevisionPtr&)>& visit);

/// Calls `visit` with every entry, oldest first, also with those that cannot be read. ERRORS:
/// Errc::corrupt where the table itself cannot.
Result<> each_entry(const Txn& txn,
                    const std::function<void(RevisionId, const Result<RevisionPtr>&)>& visit);

/// Checks that the newest `count` entries can be read and that the last is `head`.
Result<> verify_log(const Txn& txn, RevisionId head, std::size_t count);

}  // namespace engine::store
