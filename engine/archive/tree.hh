#pragma once

#include "archive/source.hh"
#include "archive/table.hh"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace engine::archive {

/// One file or directory to be written. Value of a Tree; read by the writer.
struct TreeNode {
  EntryType type = EntryType::directory;
  std::map<std::string, std::unique_ptr<TreeNode>, std::less<>> children = {};  ///< of a directory
  std::shared_ptr<const ByteSource> content = {};                               ///< of a file
  std::optional<Digest> expected = {};            ///< of a file, when its hash is known already
  Digest hash = {};                               ///< of a missing entry
  std::uint64_t size = 0;                         ///< of a missing entry, as signed
  std::optional<std::uint64_t> signed_size = {};  ///< of a directory, when it is remembered
};

/// What a new package shall hold. Directories above an added path appear by themselves.
///
/// Not copyable. Paths are relative, with "/" between names.
/// ERRORS of all adding functions: Errc::pack for a name a package cannot hold, a path that is
/// taken, or one that leads through a file.
class Tree {
 public:
  Tree();
  /// `expected`: the hash the content must turn out to have when it is written.
  Result<> add_file(std::string_view path,
                    std::shared_ptr<const ByteSource> content,
                    std::optional<Digest> expected = {});
  Result<> add_text(std::string_view path, std::string_view content);
  /// An (empty) directory. `signed_size`: the table size it was signed with, if it lost entries.
  Result<> add_directory(std::string_view path, std::optional<std::uint64_t> signed_size = {});
  /// An entry left out, with the hash and size it has when present.
  Result<> add_missing(std::string_view path, const Digest& hash, std::uint64_t size);

  /// Takes out what there is at `path`, with all below it; the directories above no longer have the
  /// size they were signed with. Gives whether there was something.
  bool remove(std::string_view path);

  [[nodiscard]] TreeNode& root() { return *root_; }
  [[nodiscard]] const TreeNode& root() const { return *root_; }

 private:
  Result<TreeNode*> place(std::string_view path);

  std::unique_ptr<TreeNode> root_;
};

}  // namespace engine::archive
