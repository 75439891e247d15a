#pragma once

#include "base/result.hh"
#include "base/unique_fd.hh"
#include "store/revision.hh"
#include "store/state.hh"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace engine::store {

/// Revisions that are written to the journal at once, encoded one behind the other.
class JournalFrame {
 public:
  JournalFrame() { clear(); }
  void clear();
  /// Adds the revision with the next id.
  void add(const Revision& revision);
  [[nodiscard]] bool empty() const { return count_ == 0; }
  [[nodiscard]] std::size_t count() const { return count_; }
  /// Bytes in the journal.
  [[nodiscard]] std::size_t size() const;

 private:
  friend class Journal;
  std::string bytes_;
  RevisionId first_ = 0;
  std::uint32_t count_ = 0;
};

/// A preallocated file in front of the store's: what is appended is on the disk after one flush,
/// and is brought into the store's file later, many changes at once. It is full of the revisions
/// since the last commit of that file, and then written from the start again. Resource type; used
/// by one thread.
///
/// A frame is whole or not there: it carries a checksum over itself and the store's id. Frames
/// begin at sectors of their own, so that no write can damage one that was flushed. The ids of
/// their revisions follow each other, so that frames of an earlier round, which have lower ones,
/// are not taken for new.
class Journal {
 public:
  static constexpr std::uint32_t kFormat = 1;
  static constexpr std::size_t kMaxBytes = 4UL << 20U;

  static std::filesystem::path path_in(const std::filesystem::path& directory);

  /// Makes the journal of the store in `directory` with room for `bytes`, in the place of an older
  /// one, whose revisions must be in the file. ERRORS: Errc::no_space, Errc::read_only, ….
  static Result<std::unique_ptr<Journal>> create(const std::filesystem::path& directory,
                                                 const Identity& identity,
                                                 std::size_t bytes,
                                                 std::uint32_t format = kFormat);
  /// Opens the one that `read_journal` has found good, to write it from the start.
  static Result<std::unique_ptr<Journal>> open(const std::filesystem::path& directory,
                                               const Identity& identity);

  [[nodiscard]] bool fits(const JournalFrame& frame) const;
  /// Writes and flushes. ERRORS: Errc::no_space: nothing has changed; others: it is not known what
  /// is on the disk, and nothing may be appended any more.
  Result<> append(JournalFrame& frame);
  /// What was appended is in the store's file: the next frame is written at the start.
  void restart();
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  Journal(UniqueFd fd, std::filesystem::path file, std::uint32_t seed, std::size_t bytes);

  UniqueFd fd_;
  std::filesystem::path file_;
  std::uint32_t seed_;  ///< checksum of the store's id, with which those of frames begin
  std::size_t bytes_;
  std::size_t at_;  ///< of the next frame
};

/// The revisions after `head` that the journal of the store in `directory` holds, oldest first.
/// What comes after the last whole frame was not answered when the power went. Nothing if there is
/// no journal, and the store's file does not say that there is one. ERRORS: Errc::corrupt if
/// something is damaged or missing before a whole frame; if it is the journal of another store;
/// Errc::newer_format.
Result<std::vector<RevisionPtr>> read_journal(const std::filesystem::path& directory,
                                              const Identity& identity,
                                              const Head& head);

/// The same for who only looks at the store, or the file of a backup, at `path`: nothing while
/// somebody has the store open, who writes the journal at this moment, nor where it cannot be
/// known.
Result<std::vector<RevisionPtr>> read_idle_journal(const std::filesystem::path& path,
                                                   const Identity& identity,
                                                   const Head& head);

}  // namespace engine::store
