#include "store/revision_log.hh"

#include "json/reader.hh"
#include "store/entry.hh"

#include <fmt/format.h>

#include <algorithm>

namespace engine::store {
namespace {

using std::chrono::system_clock;

// The payload of a revision: time, flags, then in this order the number of shifting operations,
// the bytes of the method, of `who` and of `taken`, then the revisions it undoes, if it does, then
// what was counted, then the text of the patch.
constexpr std::size_t kFlagsAt = 8;
constexpr std::size_t kPrefix = 19;
constexpr std::uint64_t kDurable = 1;
constexpr std::uint64_t kReverts = 2;
constexpr std::size_t kRange = 16;  // first and last revision
constexpr std::size_t kTrustedDepth = 512;

tl::unexpected<Error> broken(std::string_view what) {
  return fail(Error{.code = Errc::corrupt,
                    .message = fmt::format("the revision log is damaged: {}", what),
                    .hint = "restore a backup of the store; nothing was changed"});
}

std::string key_of(RevisionId id) {
  std::string key;
  append_key(key, id);
  return key;
}

std::uint64_t milliseconds(system_clock::time_point time) {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count());
}

/// The nearest that the clock can say.
system_clock::time_point time_of(std::string_view payload) {
  using std::chrono::milliseconds;
  constexpr auto kFirst = std::chrono::duration_cast<milliseconds>(system_clock::duration::min());
  constexpr auto kLast = std::chrono::duration_cast<milliseconds>(system_clock::duration::max());
  const milliseconds told(static_cast<std::int64_t>(number_at(payload, 0)));
  return system_clock::time_point(std::clamp(told, kFirst, kLast));
}

bool is_recorded(json::Op op) {
  return op == json::Op::add || op == json::Op::remove || op == json::Op::replace;
}

/// Takes the first bytes off `payload`. ERRORS: Errc::corrupt if there are fewer.
Result<std::string_view> take(std::string_view& payload, std::size_t bytes) {
  if (payload.size() < bytes) return broken("a revision is cut off");
  const std::string_view taken = payload.substr(0, bytes);
  payload.remove_prefix(bytes);
  return taken;
}

}  // namespace

void encode(const Revision& revision, std::string& payload) {
  std::string shifting;
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < revision.patch.size(); ++i) {
    if (!revision.patch[i].shifts) continue;
    append_number(shifting, i, 4);
    ++count;
  }
  const std::string_view method = std::string_view(revision.origin.method).substr(0, 255);
  const std::string_view who = std::string_view(revision.origin.who).substr(0, 255);
  append_number(payload, milliseconds(revision.time));
  append_number(payload, (revision.durable ? kDurable : 0) | (revision.reverts ? kReverts : 0), 1);
  append_number(payload, count, 4);
  append_number(payload, method.size(), 1);
  append_number(payload, who.size(), 1);
  append_number(payload, revision.taken.size(), 4);
  if (revision.reverts) {
    append_number(payload, revision.reverts->first);
    append_number(payload, revision.reverts->last);
  }
  payload.append(shifting).append(method).append(who);
  payload.append(revision.taken).append(revision.text);
}

Result<std::shared_ptr<Revision>> decode(RevisionId id, std::string_view payload) {
  TRY_ASSIGN(const std::string_view prefix, take(payload, kPrefix));
  const std::uint64_t flags = number_at(prefix, kFlagsAt, 1);
  auto revision = std::make_shared<Revision>();
  revision->id = id;
  revision->time = time_of(prefix);
  revision->durable = (flags & kDurable) != 0;
  if ((flags & kReverts) != 0) {
    TRY_ASSIGN(const std::string_view range, take(payload, kRange));
    revision->reverts = RevisionRange{number_at(range, 0), number_at(range, 8)};
  }
  TRY_ASSIGN(const std::string_view shifting, take(payload, number_at(prefix, 9, 4) * 4));
  TRY_ASSIGN(revision->origin.method, take(payload, number_at(prefix, 13, 1)));
  TRY_ASSIGN(revision->origin.who, take(payload, number_at(prefix, 14, 1)));
  TRY_ASSIGN(revision->taken, take(payload, number_at(prefix, 15, 4)));
  revision->text = payload;
  TRY_ASSIGN(const json::Value value, json::parse(revision->text, kTrustedDepth));
  TRY_ASSIGN(revision->patch, json::patch_from(value));
  for (const json::Operation& operation : revision->patch)
    if (!is_recorded(operation.op)) return broken("a revision holds what is never recorded");
  for (std::size_t at = 0; at < shifting.size(); at += 4) {
    const std::size_t index = number_at(shifting, at, 4);
    if (index >= revision->patch.size()) return broken("a revision names a missing operation");
    revision->patch[index].shifts = true;
  }
  revision->touched = touched_by(revision->patch);
  return revision;
}

Result<> append_revision(const Txn& txn, const Revision& revision, Head& head) {
  std::string payload;
  encode(revision, payload);
  TRY(append(txn, Table::revs, key_of(revision.id), payload));
  head.revision = revision.id;
  head.log_bytes += payload.size();
  return {};
}

Result<> trim_log(const Txn& txn, const LogLimits& limits, std::size_t most, Head& head) {
  const auto now = system_clock::now();
  if (head.revision - head.oldest < limits.count && head.log_bytes <= limits.bytes) return {};
  Scan scan(txn, Table::revs, {});
  TRY_ASSIGN(auto row, scan.next_unproven());
  for (; most > 0 && head.oldest < head.revision; --most) {
    if (!row || row->payload.size() < kPrefix) return broken("the oldest revision is missing");
    const bool few = head.revision - head.oldest < limits.count;
    const bool young = now - time_of(row->payload) < limits.age;
    if (head.log_bytes <= limits.bytes && (few || young)) return {};
    const std::size_t bytes = row->payload.size();
    TRY(scan.erase_current());
    head.log_bytes -= std::min<std::uint64_t>(head.log_bytes, bytes);
    TRY_ASSIGN(row, scan.next_unproven());
    if (!row) return broken("the log is empty");
    head.oldest = key_number(row->key);
  }
  return {};
}

Result<std::vector<RevisionPtr>> load_revisions(const Txn& txn, RevisionId since) {
  std::vector<RevisionPtr> revisions;
  Scan scan(txn, Table::revs, {}, key_of(since + 1));
  while (true) {
    TRY_ASSIGN(const auto row, scan.next());
    if (!row) return revisions;
    TRY_ASSIGN(RevisionPtr revision, decode(key_number(row->key), row->payload));
    revisions.push_back(std::move(revision));
  }
}

Result<> each_before(const Txn& txn,
                     RevisionId before,
                     const std::function<bool(const RevisionPtr&)>& visit) {
  Scan scan(txn, Table::revs, {}, key_of(before));
  while (true) {
    TRY_ASSIGN(const auto row, scan.previous());
    if (!row) return {};
    TRY_ASSIGN(const RevisionPtr revision, decode(key_number(row->key), row->payload));
    if (!visit(revision)) return {};
  }
}

Result<> each_entry(const Txn& txn,
                    const std::function<void(RevisionId, const Result<RevisionPtr>&)>& visit) {
  Scan scan(txn, Table::revs, {});
  while (true) {
    const auto row = scan.next();
    if (!row && scan.key().size() != 8) return fail(row.error());
    if (row && !*row) return {};
    const RevisionId id = key_number(scan.key());
    visit(id, row ? decode(id, (*row)->payload) : Result<RevisionPtr>(fail(row.error())));
  }
}

Result<> verify_log(const Txn& txn, RevisionId head, std::size_t count) {
  TRY_ASSIGN(const auto last, last_key(txn, Table::revs));
  if (!last || last->size() != 8) return broken("it is empty");
  if (key_number(*last) != head) {
    return broken(fmt::format("it ends at {}, the head says {}", key_number(*last), head));
  }
  TRY(load_revisions(txn, head > count ? head - count : 0));
  return {};
}

}  // namespace engine::store
