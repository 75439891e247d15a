#include "store/env.hh"

#include "base/file.hh"

#include <fcntl.h>
#include <fmt/format.h>
#include <lmdb.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>

namespace engine::store {
namespace {

constexpr unsigned kMaxReaders = 1024;
constexpr std::array<const char*, kTables> kTableNames = {"meta", "nodes", "revs"};
/// Room for the tables that later parts of the store add.
constexpr unsigned kMaxTables = 16;
constexpr std::chrono::seconds kGrowPatience{5};

struct Explanation {
  Errc code;
  std::string_view hint;
};

Explanation explain(int code) {
  switch (code) {
    case MDB_MAP_FULL:
      return {Errc::no_space, "close long-lived snapshots and try again"};
    case ENOSPC:
    case EDQUOT:
      return {Errc::no_space, "free space on the disk, then try again"};
    case EACCES:
    case EPERM:
    case EROFS:
      return {Errc::read_only, "make the directory and its files writable, then try again"};
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
      return {Errc::corrupt, "restore a backup of the store; nothing was changed"};
    case MDB_INVALID:
      return {Errc::corrupt,
              "restore a backup of the store, or move the file away if it is somebody else's; "
              "nothing was changed"};
    case MDB_PANIC:  // LMDB could not write its own page and goes no further
      return {Errc::closed, "check the disk, then restart the daemon"};
    case MDB_VERSION_MISMATCH:
      return {Errc::newer_format, "use a program at least as new as the one that wrote it"};
    case MDB_READERS_FULL:
      return {Errc::busy, "close snapshots that are no longer needed"};
    case ENOENT:
      return {Errc::not_found, ""};
    case EISDIR:
      return {Errc::filesystem,
              "move the directory that is in its place away, then try again; nothing was changed"};
    default:
      return {Errc::filesystem, ""};
  }
}

Error explained(std::string where, int code) {
  const Explanation why = explain(code);
  return Error{.code = why.code,
               .message = where + ": " + mdb_strerror(code),
               .hint = std::string(why.hint)};
}

}  // namespace

Result<UniqueFd> lock_store(const std::filesystem::path& directory) {
  const auto path = directory / "store.lock";
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd) return fail(explained("opening " + path.native(), errno));
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) == 0) return fd;
  if (errno != EWOULDBLOCK) return fail_errno("flock " + path.native());
  return fail(Error{.code = Errc::busy,
                    .message = fmt::format("{} is in use", directory.native()),
                    .hint = "stop the daemon that has this store open"});
}

ReadTxn::ReadTxn(ReadTxn&& other) noexcept
    : env_(other.env_), txn_(std::exchange(other.txn_, Txn{})) {}

ReadTxn::~ReadTxn() {
  if (txn_.raw != nullptr) env_->give_back(txn_.raw);
}

std::uint64_t ReadTxn::id() const {
  return mdb_txn_id(txn_.raw);
}

WriteTxn::WriteTxn(WriteTxn&& other) noexcept
    : env_(other.env_), txn_(std::exchange(other.txn_, Txn{})) {}

WriteTxn::~WriteTxn() {
  if (txn_.raw != nullptr) mdb_txn_abort(txn_.raw);
}

std::uint64_t WriteTxn::id() const {
  return mdb_txn_id(txn_.raw);
}

Result<> WriteTxn::commit() {
  const int code = mdb_txn_commit(std::exchange(txn_.raw, nullptr));
  if (code == 0) return {};
  // LMDB calls it an input/output error when only a part could be written.
  Error error = env_->error("writing", code == EIO && env_->is_disk_full() ? ENOSPC : code);
  if (code == MDB_MAP_FULL) error.debug = kMapFull;
  return fail(std::move(error));
}

bool Env::is_disk_full() const {
  constexpr std::uint64_t kNothing = 64UL << 10U;  // what a change needs at least
  struct ::statvfs disk {};
  if (::statvfs(file_.c_str(), &disk) != 0) return false;
  const std::uint64_t blocks = ::geteuid() == 0 ? disk.f_bfree : disk.f_bavail;
  return blocks * disk.f_frsize < kNothing;
}

Error Env::error(std::string_view what, int code) const {
  return explained(fmt::format("{}: {}", file_.native(), what), code);
}

Result<std::unique_ptr<Env>> Env::open(const std::filesystem::path& path, Options options) {
  std::error_code failure;
  const bool is_file = std::filesystem::is_regular_file(path, failure);
  const std::filesystem::path directory = is_file ? path.parent_path() : path;
  if (!options.read_only) {
    std::filesystem::create_directories(directory, failure);
    if (failure) return fail(errno_error("mkdir " + directory.native(), failure.value()));
  }
  std::unique_ptr<Env> env(new Env(is_file ? path : path / kDataFile, options, is_file));
  if (options.alone) {
    TRY_ASSIGN(env->lock_, lock_store(directory));
  }
  TRY(env->open_file());
  TRY(env->check_length());
  TRY(env->open_tables());
  return env;
}

Result<> Env::open_file() {
  const auto checked = [&](int code, std::string_view what) -> Result<> {
    if (code != 0) return fail(error(what, code));
    return {};
  };
  TRY(checked(mdb_env_create(&env_), "preparing"));
  TRY(checked(mdb_env_set_mapsize(env_, options_.map_size), "setting the map size"));
  TRY(checked(mdb_env_set_maxdbs(env_, kMaxTables), "setting the number of tables"));
  TRY(checked(mdb_env_set_maxreaders(env_, kMaxReaders), "setting the number of readers"));
  // A backup is a file by itself, which nobody writes: it needs no table of readers beside it.
  const unsigned flags = MDB_NOTLS | (options_.read_only ? MDB_RDONLY : 0U) |
                         (is_backup_ ? MDB_NOSUBDIR | MDB_NOLOCK : 0U);
  const std::string path = is_backup_ ? file_.native() : file_.parent_path().native();
  TRY(checked(mdb_env_open(env_, path.c_str(), flags, 0600), "opening"));
  int dead = 0;
  return checked(mdb_reader_check(env_, &dead), "clearing the reader table");
}

/// Whether all pages from `from` up to `end` are in LMDB's list of free ones.
bool Env::are_free(std::size_t from, std::size_t end) const {
  constexpr MDB_dbi kFreePages = 0;
  MDB_txn* txn = nullptr;
  MDB_cursor* cursor = nullptr;
  MDB_val key{};
  MDB_val value{};
  if (mdb_txn_begin(env_, nullptr, MDB_RDONLY, &txn) != 0) return false;
  int code = mdb_cursor_open(txn, kFreePages, &cursor);
  std::size_t found = 0;
  while (code == 0 && (code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0) {
    // Each entry is a list of page numbers with its length in front.
    for (std::size_t at = sizeof from; at + sizeof from <= value.mv_size; at += sizeof from) {
      std::size_t page = 0;
      std::memcpy(&page, static_cast<const char*>(value.mv_data) + at, sizeof page);
      if (page >= from && page < end) ++found;
    }
  }
  if (cursor != nullptr) mdb_cursor_close(cursor);
  mdb_txn_abort(txn);
  return code == MDB_NOTFOUND && found == end - from;
}

/// A file shorter than its pages would kill the process at the first access behind its end. Only
/// pages that were freed by the commit that made them are never written, and may be missing.
Result<> Env::check_length() const {
  MDB_envinfo info{};
  MDB_stat stat{};
  mdb_env_info(env_, &info);
  mdb_env_stat(env_, &stat);
  struct ::stat file {};
  if (::stat(file_.c_str(), &file) != 0) return fail_errno("stat " + file_.native());
  const bool unwritten = file.st_size == 0 || info.me_last_txnid == 0;
  const std::size_t needed = (info.me_last_pgno + 1) * stat.ms_psize;
  if (unwritten || static_cast<std::size_t>(file.st_size) >= needed) return {};
  if (!is_backup_) {
    // Zeros in their place keep the list itself from being read behind the end.
    const bool lengthens = !options_.read_only;
    if (lengthens && ::truncate(file_.c_str(), static_cast<off_t>(needed)) != 0) {
      return fail_errno("lengthening " + file_.native());
    }
    const std::size_t there = static_cast<std::size_t>(file.st_size) / stat.ms_psize;
    if (are_free(there, info.me_last_pgno + 1)) return {};
    if (lengthens && ::truncate(file_.c_str(), file.st_size) != 0) {
      return fail_errno("shortening " + file_.native());
    }
  }
  return fail(Error{
      .code = Errc::corrupt,
      .message =
          fmt::format("{}: cut off: {} bytes of at least {}", file_.native(), file.st_size, needed),
      .hint = "restore a backup of the store; nothing was changed"});
}

Result<> Env::open_tables() {
  MDB_txn* txn = nullptr;
  if (const int code = mdb_txn_begin(env_, nullptr, MDB_RDONLY, &txn); code != 0) {
    return fail(error("reading", code));
  }
  unsigned known = 0;
  int code = 0;
  for (; known < kTables; ++known) {
    code = mdb_dbi_open(txn, kTableNames[known], 0, &tables_[known]);
    if (code != 0) break;
  }
  // A read-only transaction must be committed, not aborted, for the handles to stay open.
  mdb_txn_commit(txn);
  if (known == kTables) return {};
  MDB_envinfo info{};
  mdb_env_info(env_, &info);
  if (code != MDB_NOTFOUND || known != 0 || info.me_last_txnid != 0) {
    return fail(Error{
        .code = Errc::corrupt,
        .message = fmt::format(
            "{}: not a moonbox store: table {} is missing", file_.native(), kTableNames[known]),
        .hint = "move the file away or restore a backup; nothing was changed"});
  }
  fresh_ = true;
  if (options_.read_only) return fail(error("opening", ENOENT));
  return {};
}

Result<ReadTxn> Env::read() {
  std::unique_lock lock(mutex_);
  grown_.wait(lock, [&] { return !growing_; });
  MDB_txn* txn = nullptr;
  int code = 0;
  if (!idle_.empty()) {
    txn = idle_.back();
    idle_.pop_back();
    code = mdb_txn_renew(txn);
    if (code != 0) mdb_txn_abort(txn);
  } else {
    code = mdb_txn_begin(env_, nullptr, MDB_RDONLY, &txn);
  }
  if (code != 0) return fail(error("starting a snapshot", code));
  ++active_;
  return ReadTxn(*this, Txn{txn, tables_});
}

void Env::give_back(MDB_txn* txn) {
  const std::lock_guard lock(mutex_);
  mdb_txn_reset(txn);
  idle_.push_back(txn);
  if (--active_ == 0) readers_gone_.notify_all();
}

Result<WriteTxn> Env::write() {
  MDB_txn* txn = nullptr;
  if (const int code = mdb_txn_begin(env_, nullptr, 0, &txn); code != 0) {
    return fail(error("starting a change", code));
  }
  if (fresh_) {
    for (std::size_t i = 0; i < kTables; ++i) {
      const int code = mdb_dbi_open(txn, kTableNames[i], MDB_CREATE, &tables_[i]);
      if (code == 0) continue;
      mdb_txn_abort(txn);
      return fail(error("creating a table", code));
    }
    fresh_ = false;
  }
  return WriteTxn(*this, Txn{txn, tables_});
}

Result<> Env::grow() {
  std::unique_lock lock(mutex_);
  growing_ = true;
  const bool quiet = readers_gone_.wait_for(lock, kGrowPatience, [&] { return active_ == 0; });
  int code = MDB_MAP_FULL;
  if (quiet) {
    for (MDB_txn* txn : idle_)
      mdb_txn_abort(txn);
    idle_.clear();
    code = mdb_env_set_mapsize(env_, options_.map_size * 2);
    if (code == 0) options_.map_size *= 2;
  }
  growing_ = false;
  grown_.notify_all();
  if (code == 0) return {};
  return fail(error("growing the map", code));
}

Result<> Env::copy_to(int fd) const {
  const int code = mdb_env_copyfd2(env_, fd, MDB_CP_COMPACT);
  if (code != 0) return fail(error("copying", code));
  if (::fsync(fd) != 0) return fail_errno("fsync of the copy");
  return {};
}

Env::~Env() {
  for (MDB_txn* txn : idle_)
    mdb_txn_abort(txn);
  if (env_ != nullptr) mdb_env_close(env_);
}

}  // namespace engine::store
