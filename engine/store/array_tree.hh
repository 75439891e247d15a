#pragma once

#include "base/result.hh"
#include "store/layout.hh"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace engine::store {

/// The index of an array container: a tree of blocks with counts that maps a position to the
/// unchanging number of the element there. Finding, inserting and removing are O(log n); elements
/// themselves never move. Lives for one use within one transaction.
class ArrayTree {
 public:
  /// ERRORS: Errc::corrupt.
  static Result<ArrayTree> open(const Txn& txn, ContainerId array);
  /// Writes the index of a new array whose elements are numbered 0 to `count` - 1.
  static Result<> create(const Txn& txn, ContainerId array, std::size_t count);

  [[nodiscard]] std::size_t size() const { return count_; }
  /// The number of the element at `index`, or nothing beyond the end.
  Result<std::optional<std::uint64_t>> at(std::size_t index) const;
  /// Calls `visit` with each element's number in order; stops at its first error.
  Result<> each(const std::function<Result<>(std::uint64_t)>& visit) const;

  /// Makes room at `index` and returns the new element's number. REQUIRES: index <= size().
  Result<std::uint64_t> insert(std::size_t index);
  /// Takes the element at `index` out and returns its number. REQUIRES: index < size().
  Result<std::uint64_t> remove(std::size_t index);

 private:
  struct Branch {
    std::uint64_t block = 0;
    std::uint64_t count = 0;
  };
  using Numbers = std::vector<std::uint64_t>;
  using Branches = std::vector<Branch>;

  ArrayTree(const Txn& txn, ContainerId array) : txn_(txn), array_(array) {}
  [[nodiscard]] std::string block_key(std::uint64_t block) const;
  [[nodiscard]] Result<std::string_view> load_block(std::uint64_t block, std::size_t entry) const;
  Result<Numbers> load_leaf(std::uint64_t block) const;
  Result<Branches> load_branches(std::uint64_t block) const;
  Result<> save_leaf(std::uint64_t block, const Numbers& numbers);
  Result<> save_branches(std::uint64_t block, const Branches& branches);
  Result<> save_header();
  Result<> build(std::size_t count);
  Result<std::optional<Branch>> insert_below(std::uint64_t block,
                                             std::uint64_t height,
                                             std::size_t index,
                                             std::uint64_t number);
  Result<std::uint64_t> remove_below(std::uint64_t block,
                                     std::uint64_t height,
                                     std::size_t index,
                                     bool& emptied);
  Result<> each_below(std::uint64_t block,
                      std::uint64_t height,
                      const std::function<Result<>(std::uint64_t)>& visit) const;

  Txn txn_;
  ContainerId array_;
  std::uint64_t count_ = 0;
  std::uint64_t next_number_ = 0;
  std::uint64_t next_block_ = 0;
  std::uint64_t root_ = 0;
  std::uint64_t height_ = 0;  ///< 0: the root is a leaf
};

}  // namespace engine::store
