#include "store/array_tree.hh"

#include <algorithm>
#include <numeric>

namespace engine::store {
namespace {

constexpr std::size_t kLeafCapacity = 120;
constexpr std::size_t kBranchCapacity = 60;
constexpr std::size_t kNumber = 8;   // bytes of an element's number
constexpr std::size_t kBranch = 16;  // bytes of a block's number and its count

tl::unexpected<Error> broken(std::string_view what) {
  return fail(Error{.code = Errc::corrupt,
                    .message = "the store is damaged: an array's " + std::string(what),
                    .hint = "check the disk, then restore a backup of the store"});
}

}  // namespace

Result<ArrayTree> ArrayTree::open(const Txn& txn, ContainerId array) {
  ArrayTree tree(txn, array);
  TRY_ASSIGN(const auto payload, load(txn, Table::nodes, slot_key(array, Slot::header)));
  if (!payload || payload->size() != 40) return broken("header is missing");
  tree.count_ = number_at(*payload, 0);
  tree.next_number_ = number_at(*payload, 8);
  tree.next_block_ = number_at(*payload, 16);
  tree.root_ = number_at(*payload, 24);
  tree.height_ = number_at(*payload, 32);
  return tree;
}

Result<> ArrayTree::create(const Txn& txn, ContainerId array, std::size_t count) {
  ArrayTree tree(txn, array);
  TRY(tree.build(count));
  return tree.save_header();
}

Result<> ArrayTree::build(std::size_t count) {
  constexpr std::size_t kFill = kLeafCapacity * 3 / 4;
  Branches level;
  for (std::size_t start = 0; start == 0 || start < count; start += kFill) {
    Numbers numbers(std::min(kFill, count - start));
    std::iota(numbers.begin(), numbers.end(), start);
    level.push_back({next_block_++, numbers.size()});
    TRY(save_leaf(level.back().block, numbers));
  }
  while (level.size() > 1) {
    constexpr std::size_t kBranchFill = kBranchCapacity * 3 / 4;
    Branches above;
    for (std::size_t start = 0; start < level.size(); start += kBranchFill) {
      const auto from = level.begin() + static_cast<std::ptrdiff_t>(start);
      const auto size = std::min(kBranchFill, level.size() - start);
      const Branches part(from, from + static_cast<std::ptrdiff_t>(size));
      Branch sum{next_block_++, 0};
      for (const Branch& branch : part)
        sum.count += branch.count;
      TRY(save_branches(sum.block, part));
      above.push_back(sum);
    }
    level = std::move(above);
    ++height_;
  }
  root_ = level.front().block;
  count_ = next_number_ = count;
  return {};
}

std::string ArrayTree::block_key(std::uint64_t block) const {
  std::string key = slot_key(array_, Slot::block);
  append_key(key, block);
  return key;
}

/// What a block holds: entries of `entry` bytes.
Result<std::string_view> ArrayTree::load_block(std::uint64_t block, std::size_t entry) const {
  TRY_ASSIGN(const auto payload,
             load(txn_, Table::nodes, Key(array_, Slot::block).add(block).text()));
  if (!payload || payload->size() % entry != 0) return broken("index block is missing");
  return *payload;
}

Result<ArrayTree::Numbers> ArrayTree::load_leaf(std::uint64_t block) const {
  TRY_ASSIGN(const auto payload, load_block(block, kNumber));
  Numbers numbers(payload.size() / kNumber);
  for (std::size_t i = 0; i < numbers.size(); ++i)
    numbers[i] = number_at(payload, i * kNumber);
  return numbers;
}

Result<ArrayTree::Branches> ArrayTree::load_branches(std::uint64_t block) const {
  TRY_ASSIGN(const auto payload, load_block(block, kBranch));
  if (payload.empty()) return broken("index block is missing");
  Branches branches(payload.size() / kBranch);
  for (std::size_t i = 0; i < branches.size(); ++i)
    branches[i] = {number_at(payload, i * kBranch), number_at(payload, i * kBranch + kNumber)};
  return branches;
}

Result<> ArrayTree::save_leaf(std::uint64_t block, const Numbers& numbers) {
  std::string payload;
  for (const std::uint64_t number : numbers)
    append_number(payload, number);
  return save(txn_, Table::nodes, block_key(block), payload);
}

Result<> ArrayTree::save_branches(std::uint64_t block, const Branches& branches) {
  std::string payload;
  for (const Branch& branch : branches) {
    append_number(payload, branch.block);
    append_number(payload, branch.count);
  }
  return save(txn_, Table::nodes, block_key(block), payload);
}

Result<> ArrayTree::save_header() {
  std::string payload;
  for (const std::uint64_t number : {count_, next_number_, next_block_, root_, height_})
    append_number(payload, number);
  return save(txn_, Table::nodes, slot_key(array_, Slot::header), payload);
}

Result<std::optional<std::uint64_t>> ArrayTree::at(std::size_t index) const {
  if (index >= count_) return std::nullopt;
  std::uint64_t block = root_;
  for (std::uint64_t height = height_; height > 0; --height) {
    TRY_ASSIGN(const auto branches, load_block(block, kBranch));
    std::size_t branch = 0;
    for (; branch < branches.size(); branch += kBranch) {
      const std::uint64_t count = number_at(branches, branch + kNumber);
      if (index < count) break;
      index -= count;
    }
    if (branch >= branches.size()) return broken("counts do not add up");
    block = number_at(branches, branch);
  }
  TRY_ASSIGN(const auto numbers, load_block(block, kNumber));
  if (index >= numbers.size() / kNumber) return broken("counts do not add up");
  return number_at(numbers, index * kNumber);
}

Result<> ArrayTree::each(const std::function<Result<>(std::uint64_t)>& visit) const {
  return each_below(root_, height_, visit);
}

Result<> ArrayTree::each_below(std::uint64_t block,
                               std::uint64_t height,
                               const std::function<Result<>(std::uint64_t)>& visit) const {
  if (height > 0) {
    TRY_ASSIGN(const Branches branches, load_branches(block));
    for (const Branch& branch : branches)
      TRY(each_below(branch.block, height - 1, visit));
    return {};
  }
  TRY_ASSIGN(const Numbers numbers, load_leaf(block));
  for (const std::uint64_t number : numbers)
    TRY(visit(number));
  return {};
}

Result<std::uint64_t> ArrayTree::insert(std::size_t index) {
  const std::uint64_t number = next_number_++;
  TRY_ASSIGN(const auto split, insert_below(root_, height_, index, number));
  ++count_;
  if (split) {
    const Branches halves = {{root_, count_ - split->count}, *split};
    root_ = next_block_++;
    ++height_;
    TRY(save_branches(root_, halves));
  }
  TRY(save_header());
  return number;
}

/// Returns the new right neighbour if the block had to be split.
Result<std::optional<ArrayTree::Branch>> ArrayTree::insert_below(std::uint64_t block,
                                                                 std::uint64_t height,
                                                                 std::size_t index,
                                                                 std::uint64_t number) {
  if (height == 0) {
    TRY_ASSIGN(Numbers numbers, load_leaf(block));
    if (index > numbers.size()) return broken("counts do not add up");
    numbers.insert(numbers.begin() + static_cast<std::ptrdiff_t>(index), number);
    if (numbers.size() <= kLeafCapacity) {
      TRY(save_leaf(block, numbers));
      return std::nullopt;
    }
    // Appending leaves full blocks behind; elsewhere a block is cut in the middle.
    const std::size_t cut = index + 1 == numbers.size() ? index : numbers.size() / 2;
    const Numbers right(numbers.begin() + static_cast<std::ptrdiff_t>(cut), numbers.end());
    numbers.resize(cut);
    const Branch made{next_block_++, right.size()};
    TRY(save_leaf(block, numbers));
    TRY(save_leaf(made.block, right));
    return made;
  }
  TRY_ASSIGN(Branches branches, load_branches(block));
  auto branch = branches.begin();
  for (; branch + 1 != branches.end() && index > branch->count; ++branch)
    index -= branch->count;
  TRY_ASSIGN(const auto split, insert_below(branch->block, height - 1, index, number));
  ++branch->count;
  if (split) {
    branch->count -= split->count;
    branches.insert(branch + 1, *split);
  }
  if (branches.size() <= kBranchCapacity) {
    TRY(save_branches(block, branches));
    return std::nullopt;
  }
  const auto cut = branches.begin() + static_cast<std::ptrdiff_t>(branches.size() / 2);
  const Branches right(cut, branches.end());
  branches.erase(cut, branches.end());
  Branch made{next_block_++, 0};
  for (const Branch& moved : right)
    made.count += moved.count;
  TRY(save_branches(block, branches));
  TRY(save_branches(made.block, right));
  return made;
}

Result<std::uint64_t> ArrayTree::remove(std::size_t index) {
  bool emptied = false;
  TRY_ASSIGN(const std::uint64_t number, remove_below(root_, height_, index, emptied));
  --count_;
  if (emptied) {
    height_ = 0;
    TRY(save_leaf(root_, {}));
  }
  while (height_ > 0) {
    TRY_ASSIGN(const Branches branches, load_branches(root_));
    if (branches.size() > 1) break;
    TRY(erase(txn_, Table::nodes, block_key(root_)));
    root_ = branches.front().block;
    --height_;
  }
  TRY(save_header());
  return number;
}

/// Deletes blocks that become empty; `emptied` says that `block` itself has (and is left to the
/// caller to delete or reuse).
Result<std::uint64_t> ArrayTree::remove_below(std::uint64_t block,
                                              std::uint64_t height,
                                              std::size_t index,
                                              bool& emptied) {
  if (height == 0) {
    TRY_ASSIGN(Numbers numbers, load_leaf(block));
    if (index >= numbers.size()) return broken("counts do not add up");
    const auto target = numbers.begin() + static_cast<std::ptrdiff_t>(index);
    const std::uint64_t number = *target;
    numbers.erase(target);
    emptied = numbers.empty();
    if (!emptied) TRY(save_leaf(block, numbers));
    return number;
  }
  TRY_ASSIGN(Branches branches, load_branches(block));
  auto branch = branches.begin();
  for (; branch != branches.end() && index >= branch->count; ++branch)
    index -= branch->count;
  if (branch == branches.end()) return broken("counts do not add up");
  bool child_emptied = false;
  TRY_ASSIGN(const std::uint64_t number,
             remove_below(branch->block, height - 1, index, child_emptied));
  --branch->count;
  if (child_emptied) {
    TRY(erase(txn_, Table::nodes, block_key(branch->block)));
    branches.erase(branch);
  }
  emptied = branches.empty();
  if (!emptied) TRY(save_branches(block, branches));
  return number;
}

}  // namespace engine::store
