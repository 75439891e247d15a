#pragma once

#include "archive/archive.hh"
#include "archive/tree.hh"

#include <functional>
#include <memory>
#include <string>

namespace engine::archive {

/// The bytes of a file of an archive, from its own source. They are not verified here: what reads
/// them compares the hash, or is an archive again and verifies itself.
///
/// ERRORS of `open`: Errc::not_found if it is no present file; Errc::parse_s9pk if it lies outside.
class EntrySource final : public ByteSource {
 public:
  static Result<std::shared_ptr<const EntrySource>> open(std::shared_ptr<const Archive> archive,
                                                         std::string_view path);
  EntrySource(std::shared_ptr<const Archive> archive, std::uint64_t position, std::uint64_t size)
      : archive_(std::move(archive)), position_(position), size_(size) {}
  [[nodiscard]] std::uint64_t size() const override { return size_; }
  [[nodiscard]] bool sequential() const override { return archive_->source().sequential(); }
  Result<> read(std::uint64_t offset, MutableBytes into) const override;

 private:
  std::shared_ptr<const Archive> archive_;
  std::uint64_t position_;
  std::uint64_t size_;
};

/// A tree with what `archive` holds. Content is read from there while the tree is written and has
/// to have its hash; directories remember the size they were signed with.
///
/// `keep`, if given, says which files stay. The others, and directories nothing stays in, become
/// missing entries, which changes no hash.
/// ERRORS: as Archive::walk.
Result<Tree> copy_tree(const std::shared_ptr<const Archive>& archive,
                       const std::function<bool(const std::string& path)>& keep = {});

}  // namespace engine::archive
