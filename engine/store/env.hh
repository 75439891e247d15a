#pragma once

#include "base/result.hh"
#include "base/unique_fd.hh"

#include <array>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

struct MDB_env;
struct MDB_txn;

namespace engine::store {

/// The document and its log, in the directory of a store.
inline constexpr std::string_view kDataFile = "data.mdb";

/// The tables of the environment. New ones may be added behind; old programs ignore them.
enum class Table : std::uint8_t { meta, nodes, revs };
inline constexpr std::size_t kTables = 3;

class Env;

/// The file by its pages.
struct EnvStats {
  std::uint64_t page_bytes = 0;
  std::uint64_t pages = 0;       ///< used so far, free ones included
  std::uint64_t free_pages = 0;  ///< that the next changes will use
  std::uint64_t depth = 0;       ///< of the document's table
  std::uint64_t entries = 0;     ///< of the document's table
  std::uint64_t readers = 0;     ///< snapshots open now, of all processes but this one
  std::uint64_t map_bytes = 0;   ///< address space; the file grows up to it, then it grows
};

/// `Error::debug` of a full map: growing it helps, unlike with a full disk.
inline constexpr std::string_view kMapFull = "map full";

/// A transaction with the handles of its tables, lent by ReadTxn or WriteTxn.
struct Txn {
  MDB_txn* raw = nullptr;
  std::array<unsigned, kTables> tables{};
  [[nodiscard]] unsigned table(Table which) const {
    return tables[static_cast<std::size_t>(which)];
  }
};

/// A consistent view of the file. Move-only; used by one thread at a time; may be destroyed on any.
class ReadTxn {
 public:
  ReadTxn(ReadTxn&& other) noexcept;
  ReadTxn& operator=(ReadTxn&&) = delete;
  ~ReadTxn();
  [[nodiscard]] const Txn& txn() const { return txn_; }
  /// LMDB's number of the commit this view shows.
  [[nodiscard]] std::uint64_t id() const;

 private:
  friend class Env;
  ReadTxn(Env& env, Txn txn) : env_(&env), txn_(txn) {}
  Env* env_;
  Txn txn_;
};

/// The one writer. Aborted when destroyed uncommitted. Begin, use and commit on one thread.
class WriteTxn {
 public:
  WriteTxn(WriteTxn&& other) noexcept;
  WriteTxn& operator=(WriteTxn&&) = delete;
  ~WriteTxn();
  [[nodiscard]] const Txn& txn() const { return txn_; }
  [[nodiscard]] std::uint64_t id() const;
  /// Writes and flushes. ERRORS: Errc::no_space, Errc::filesystem, …; nothing is committed then as
  /// far as LMDB can tell.
  Result<> commit();

 private:
  friend class Env;
  WriteTxn(const Env& env, Txn txn) : env_(&env), txn_(txn) {}
  const Env* env_;
  Txn txn_;
};

/// Keeps everybody else from opening the store in `directory` until it is closed; a process that
/// only reads may do without. ERRORS: Errc::busy if somebody has it; Errc::read_only, ….
Result<UniqueFd> lock_store(const std::filesystem::path& directory);

/// An LMDB environment in a directory, locked against every other opening. Resource type.
class Env {
 public:
  struct Options {
    std::size_t map_size = 16UL << 30U;  ///< bytes of address space; the file grows as needed
    bool read_only = false;
    bool alone = true;  ///< refuse if somebody else has it open; a reader may do without
  };
  /// Makes the directory if missing. `path` may also be the file of a backup, to be read only.
  /// ERRORS: Errc::busy if somebody has it open, Errc::corrupt,
  /// Errc::newer_format, Errc::read_only, Errc::no_space; each names the file and what to do.
  static Result<std::unique_ptr<Env>> open(const std::filesystem::path& path, Options options);
  ~Env();
  Env(const Env&) = delete;
  Env& operator=(const Env&) = delete;

  /// Whether the file held no tables yet.
  [[nodiscard]] bool fresh() const { return fresh_; }
  [[nodiscard]] const std::filesystem::path& file() const { return file_; }

  /// O(1); waits only while the map grows. Any thread.
  Result<ReadTxn> read();
  /// Waits for another writer. REQUIRES: one thread of the process writes.
  Result<WriteTxn> write();
  /// Doubles the map. Waits up to 5 s for open snapshots to end, since the map may move.
  /// REQUIRES: no write transaction. ERRORS: Errc::no_space naming the cure.
  Result<> grow();

  /// Writes the store as it is now, without its free pages, into the open file `fd` and flushes it.
  /// Writers go on meanwhile. Blocks. Any thread. ERRORS: Errc::no_space, Errc::filesystem, …
  Result<> copy_to(int fd) const;

  /// Counts pages and readers. ERRORS: Errc::corrupt, …
  [[nodiscard]] Result<EnvStats> stats();

  /// Whether the file system has no room for another change.
  [[nodiscard]] bool is_disk_full() const;
  /// An Error for an LMDB or errno code, with file and cure.
  [[nodiscard]] Error error(std::string_view what, int code) const;

 private:
  friend class ReadTxn;
  Env(std::filesystem::path file, Options options, bool is_backup)
      : file_(std::move(file)), options_(options), is_backup_(is_backup) {}
  Result<> open_file();
  Result<> open_tables();
  [[nodiscard]] bool are_free(std::size_t from, std::size_t end) const;
  Result<> check_length() const;
  void give_back(MDB_txn* txn);

  std::filesystem::path file_;
  Options options_;
  bool is_backup_;  ///< a file without a directory of its own
  UniqueFd lock_;
  MDB_env* env_ = nullptr;
  std::array<unsigned, kTables> tables_{};
  bool fresh_ = false;

  std::mutex mutex_;
  std::condition_variable readers_gone_;
  std::condition_variable grown_;
  std::vector<MDB_txn*> idle_;
  std::size_t active_ = 0;
  bool growing_ = false;
};

}  // namespace engine::store
