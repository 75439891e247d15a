#include "store/edits.hh"

#include <algorithm>
#include <iterator>

namespace engine::store {
namespace {

/// Members of a part: more cost more to copy, fewer make more parts.
constexpr std::size_t kMostInPart = 16;

}  // namespace

MemberEdits::MemberEdits(const MemberEdits& other) : parts_(other.parts_) {
  for (Part& part : parts_)
    part.shared = true;
}

/// The only part that can have the member. REQUIRES: there are parts.
std::size_t MemberEdits::part_of(std::string_view name) const {
  const auto behind = std::upper_bound(
      parts_.begin() + 1, parts_.end(), name, [](std::string_view n, const Part& p) {
        return n < p.members->front().first;
      });
  return static_cast<std::size_t>(std::prev(behind) - parts_.begin());
}

const NodePtr* MemberEdits::find(std::string_view name) const {
  if (parts_.empty()) return nullptr;
  const auto& members = *parts_[part_of(name)].members;
  const auto at = std::lower_bound(
      members.begin(), members.end(), name, [](const Member& m, std::string_view n) {
        return m.first < n;
      });
  return at != members.end() && at->first == name ? &at->second : nullptr;
}

void MemberEdits::set(std::string_view name, NodePtr node) {
  if (parts_.empty()) parts_.push_back({std::make_shared<std::vector<Member>>()});
  const std::size_t which = parts_.size() == 1 ? 0 : part_of(name);
  Part& part = parts_[which];
  if (part.shared) {
    auto copy = std::make_shared<std::vector<Member>>();
    copy->reserve(part.members->size() + 1);
    *copy = *part.members;
    part = {std::move(copy)};
  }
  auto& members = *part.members;
  const auto at = std::lower_bound(
      members.begin(), members.end(), name, [](const Member& m, std::string_view n) {
        return m.first < n;
      });
  if (at != members.end() && at->first == name) {
    at->second = std::move(node);
    return;
  }
  members.emplace(at, name, std::move(node));
  if (members.size() <= kMostInPart) return;
  const auto half = members.begin() + kMostInPart / 2;
  auto back = std::make_shared<std::vector<Member>>(std::make_move_iterator(half),
                                                    std::make_move_iterator(members.end()));
  members.erase(half, members.end());
  parts_.insert(parts_.begin() + static_cast<std::ptrdiff_t>(which) + 1, Part{std::move(back)});
}

Result<> MemberEdits::each(
    const std::function<Result<>(const std::string&, const NodePtr&)>& visit) const {
  for (const Part& part : parts_)
    for (const auto& [name, node] : *part.members)
      TRY(visit(name, node));
  return {};
}

ArrayEdits::Spot ArrayEdits::locate(std::size_t index) const {
  std::size_t piece = 0;
  while (index >= pieces[piece].size())
    index -= pieces[piece++].size();
  return {piece, index};
}

/// Cuts pieces so that element `index` begins one (or the list ends there), and returns that piece.
std::size_t ArrayEdits::split(std::size_t index) {
  if (index == size) return pieces.size();
  const Spot spot = locate(index);
  if (spot.offset == 0) return spot.piece;
  Piece& front = pieces[spot.piece];
  const Piece back{front.from + spot.offset, front.count - spot.offset};
  front.count = spot.offset;
  pieces.insert(pieces.begin() + static_cast<std::ptrdiff_t>(spot.piece) + 1, back);
  return spot.piece + 1;
}

Piece& ArrayEdits::isolate(std::size_t index) {
  (void)split(index + 1);
  return pieces[split(index)];
}

void ArrayEdits::insert(std::size_t index, NodePtr node) {
  const std::size_t at = split(index);
  pieces.insert(pieces.begin() + static_cast<std::ptrdiff_t>(at), Piece{.own = std::move(node)});
  ++size;
}

void ArrayEdits::remove(std::size_t index) {
  (void)isolate(index);
  pieces.erase(pieces.begin() + static_cast<std::ptrdiff_t>(split(index)));
  --size;
}

void freeze(const NodePtr& node) {
  if (node == nullptr || node->frozen) return;
  node->frozen = true;
  if (const auto* object = std::get_if<ObjectEdits>(&node->content)) {
    object->members.each_recent(freeze);
  } else if (const auto* array = std::get_if<ArrayEdits>(&node->content)) {
    for (const Piece& piece : array->pieces)
      freeze(piece.own);
  }
}

}  // namespace engine::store
