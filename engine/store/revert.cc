#include "store/revert.hh"

#include "json/reader.hh"
#include "json/writer.hh"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace engine::store {
namespace {

using json::Op;
using json::Operation;
using json::Pointer;
using json::Value;

constexpr std::size_t kShownBytes = 120;
constexpr std::size_t kTrustedDepth = 512;

/// The beginning of a value's text, for messages.
std::string shown(const Value& value) {
  std::string text = json::write(value);
  if (text.size() <= kShownBytes) return text;
  std::size_t end = kShownBytes;
  while ((static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U)
    --end;
  return text.substr(0, end) + "…";
}

tl::unexpected<Error> conflict(RevisionId revision,
                               const Pointer& place,
                               const std::optional<Value>& now,
                               std::string_view what) {
  Value info;
  info["revision"] = revision;
  info["pointer"] = place.text();
  if (now) info["now"] = *now;
  return fail(
      Error{.code = Errc::conflict,
            .message = fmt::format("revision {} cannot be undone: {} {}; now it is {}",
                                   revision,
                                   json::quote(place.text()),
                                   what,
                                   now ? shown(*now) : "not there"),
            .hint = fmt::format("undo what came later first: moon-cli db history {}", place.text()),
            .info = json::write(info)});
}

/// The revisions after `range` that count: one that was undone by another after `range` does not,
/// nor does that other.
std::vector<RevisionPtr> in_force(std::span<const RevisionPtr> log, RevisionRange range) {
  std::vector<RevisionPtr> kept;
  std::vector<RevisionRange> undone;
  for (auto revision = log.rbegin(); revision != log.rend(); ++revision) {
    const RevisionId id = (*revision)->id;
    if (id <= range.last) break;
    const bool is_undone = std::any_of(undone.begin(), undone.end(), [&](const auto& each) {
      return each.first <= id && id <= each.last;
    });
    if (is_undone) continue;
    const auto& reverts = (*revision)->reverts;
    if (reverts && reverts->first > range.last) {
      undone.push_back(*reverts);
    } else {
      kept.push_back(*revision);
    }
  }
  return kept;
}

/// Whether `operation` moved elements of the array at `place`, or put another array there.
bool displaces(const Operation& operation, const Pointer& place) {
  if (operation.shifts) return operation.path.parent() == place;
  if (operation.op == Op::remove || !place.starts_with(operation.path)) return false;
  const auto there = json::resolve(operation.value, place.without_front(operation.path.depth()));
  return there && *there != nullptr && (*there)->is_array();
}

/// Containers on the way to `path` that it goes through by an index.
std::vector<Pointer> indexed_places(const Pointer& path) {
  std::vector<Pointer> places;
  for (Pointer at = path; !at.is_root(); at = at.parent()) {
    if (json::array_index(at.last())) places.push_back(at.parent());
  }
  return places;
}

class Undo {
 public:
  Undo(Mutation& mutation, std::vector<RevisionPtr> later)
      : mutation_(mutation), later_(std::move(later)) {}

  Result<> revision(const Revision& revision) {
    if (revision.taken.empty()) {
      return fail(
          Error{.code = Errc::not_found,
                .message = fmt::format(
                    "revision {} cannot be undone: what it replaced was not kept", revision.id),
                .hint = "restore a backup of the store made before it"});
    }
    TRY_ASSIGN(Value taken, json::parse(revision.taken, kTrustedDepth));
    const json::Patch& patch = revision.patch;
    std::size_t values = taken.array() == nullptr ? 0 : taken.array()->size();
    for (auto operation = patch.rbegin(); operation != patch.rend(); ++operation) {
      Value before;
      if (operation->op != Op::add) {
        if (values == 0) return fail(Errc::corrupt, "the revision log lacks what was replaced");
        before = std::move((*taken.array())[--values]);
      }
      TRY(check(revision.id, *operation));
      TRY(invert(*operation, std::move(before)));
    }
    return {};
  }

 private:
  /// Whether what `operation` left is still there.
  Result<> check(RevisionId id, const Operation& operation) {
    for (const Pointer& place : indexed_places(operation.path)) {
      for (const RevisionPtr& later : later_) {
        const bool moved = std::any_of(later->patch.begin(),
                                       later->patch.end(),
                                       [&](const auto& each) { return displaces(each, place); });
        if (!moved) continue;
        TRY_ASSIGN(const auto now, mutation_.get(place));
        return conflict(id, place, now, fmt::format("was moved about by revision {}", later->id));
      }
    }
    if (operation.op == Op::remove && operation.shifts) return {};
    TRY_ASSIGN(const auto now, mutation_.get(operation.path));
    if (operation.op == Op::remove) {
      if (now) return conflict(id, operation.path, now, "was removed by it");
    } else if (!now || *now != operation.value) {
      return conflict(
          id, operation.path, now, fmt::format("was made {} by it", shown(operation.value)));
    }
    return {};
  }

  Result<> invert(const Operation& operation, Value before) {
    if (operation.op == Op::add) return mutation_.remove(operation.path);
    if (operation.op == Op::remove) return mutation_.insert(operation.path, std::move(before));
    return mutation_.put(operation.path, std::move(before));
  }

  Mutation& mutation_;
  std::vector<RevisionPtr> later_;
};

}  // namespace

Result<> revert(Mutation& mutation, std::span<const RevisionPtr> log, RevisionRange range) {
  const auto newer = [&](const RevisionPtr& revision) { return revision->id > mutation.base(); };
  log = log.first(
      static_cast<std::size_t>(std::find_if(log.begin(), log.end(), newer) - log.begin()));
  const auto known = [&](RevisionId id) {
    return std::any_of(
        log.begin(), log.end(), [&](const RevisionPtr& revision) { return revision->id == id; });
  };
  for (const RevisionId id : {range.first, range.last}) {
    if (known(id)) continue;
    return fail(Error{.code = Errc::not_found,
                      .message = fmt::format("there is no revision {} in the log", id),
                      .hint = "moon-cli db history shows those that are kept"});
  }
  Undo undo(mutation, in_force(log, range));
  for (auto revision = log.rbegin(); revision != log.rend(); ++revision) {
    if ((*revision)->id <= range.last) TRY(undo.revision(**revision));
  }
  mutation.mark_reverting(range);
  return {};
}

}  // namespace engine::store
