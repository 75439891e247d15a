#include "store/backup.hh"

#include "base/file.hh"
#include "store/env.hh"
#include "store/recovery.hh"
#include "store/state.hh"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <ctime>
#include <utility>

namespace engine::store {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kReaders = "lock.mdb";
constexpr std::string_view kMark = ".part-";

/// Makes a rename in `directory` survive a power cut.
Result<> flush_directory(const fs::path& directory) {
  TRY_ASSIGN(const UniqueFd fd,
             open_file(directory.empty() ? "." : directory, O_RDONLY | O_DIRECTORY));
  if (::fsync(fd.get()) != 0) return fail_errno("fsync " + directory.native());
  return {};
}

Result<> move(const fs::path& from, const fs::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return fail_errno("rename to " + to.native());
  return {};
}

/// What is to get the name `path` once it is whole: a file or directory beside it, which goes with
/// this object. It is locked, so that one whose maker has died can be told (clear_unfinished).
class Unfinished {
 public:
  static Result<Unfinished> file(const fs::path& path) {
    Unfinished draft = named_after(path);
    TRY_ASSIGN(draft.fd_, open_file(draft.path_, O_CREAT | O_EXCL | O_RDWR, 0600));
    return locked(std::move(draft));
  }
  static Result<Unfinished> directory(const fs::path& path) {
    Unfinished draft = named_after(path);
    if (::mkdir(draft.path_.c_str(), 0700) != 0) {
      return fail_errno("mkdir " + draft.path_.native());
    }
    TRY_ASSIGN(draft.fd_, open_file(draft.path_, O_RDONLY | O_DIRECTORY));
    return locked(std::move(draft));
  }
  Unfinished(Unfinished&& other) noexcept
      : path_(std::exchange(other.path_, {})), fd_(std::move(other.fd_)) {}
  Unfinished& operator=(Unfinished&&) = delete;
  ~Unfinished() {
    std::error_code ignored;
    if (fd_) fs::remove_all(path_, ignored);
  }

  [[nodiscard]] const fs::path& path() const { return path_; }
  [[nodiscard]] int fd() const { return fd_.get(); }

 private:
  explicit Unfinished(fs::path path) : path_(std::move(path)) {}
  static Unfinished named_after(const fs::path& path) {
    clear_unfinished(path);
    return Unfinished(path.native() + std::string(kMark) + std::to_string(::getpid()));
  }
  static Result<Unfinished> locked(Unfinished draft) {
    if (::flock(draft.fd(), LOCK_EX | LOCK_NB) != 0) {
      return fail_errno("lock " + draft.path_.native());
    }
    return draft;
  }

  fs::path path_;
  UniqueFd fd_;  ///< none: nothing of ours is there
};

/// A copy of the store in `env` that has been read to its last page.
Result<CheckReport> write_copy(const Env& env, const Unfinished& draft) {
  TRY(env.copy_to(draft.fd()));
  TRY_ASSIGN(CheckReport report, check(draft.path()));
  TRY(verdict(report, env.file()));
  return report;
}

/// Another name for what the revision ids mean from here on.
Result<> begin_history(const fs::path& directory) {
  TRY_ASSIGN(const auto env, Env::open(directory, {}));
  TRY_ASSIGN(WriteTxn txn, env->write());
  TRY_ASSIGN(Identity identity, load_identity(txn.txn()));
  if (::getrandom(identity.history.data(), identity.history.size(), 0) !=
      static_cast<ssize_t>(identity.history.size())) {
    return fail_errno("getrandom");
  }
  TRY(save_identity(txn.txn(), identity));
  // The copy has no journal, and needs none.
  TRY_ASSIGN(Head head, load_head(txn.txn()));
  head.journal = 0;
  TRY(save_head(txn.txn(), head));
  return txn.commit();
}

std::string time_name() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y%m%dT%H%M%SZ", &parts)};
}

/// Puts the directory `fresh` in the place of `directory` in one step, and says where what was
/// there is now.
Result<fs::path> put_in_place(const fs::path& fresh, const fs::path& directory) {
  std::error_code ignored;
  if (!fs::exists(directory, ignored)) {
    TRY(move(fresh, directory));
    return fs::path();
  }
  const std::string name = directory.native() + ".before-" + time_name();
  fs::path kept = name;
  for (int i = 2; fs::exists(kept, ignored); ++i)
    kept = name + "-" + std::to_string(i);
  // Under the name it is to have when the old store is in it: what is unfinished is thrown away.
  TRY(move(fresh, kept));
  if (::renameat2(AT_FDCWD, kept.c_str(), AT_FDCWD, directory.c_str(), RENAME_EXCHANGE) != 0) {
    // A file system that cannot exchange: for a moment there is no store.
    TRY(move(kept, fresh));
    TRY(move(directory, kept));
    TRY(move(fresh, directory));
  }
  return kept;
}

}  // namespace

void clear_unfinished(const fs::path& path) {
  const fs::path folder = path.has_parent_path() ? path.parent_path() : ".";
  const std::string start = path.filename().native() + std::string(kMark);
  std::error_code ignored;
  for (const auto& each : fs::directory_iterator(folder, ignored)) {
    const std::string name = each.path().filename();
    if (!name.starts_with(start) ||
        name.find_first_not_of("0123456789", start.size()) != std::string::npos) {
      continue;
    }
    const auto fd = open_file(each.path(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    if (!fd || ::flock(fd->get(), LOCK_EX | LOCK_NB) != 0) continue;  // its maker lives
    fs::remove_all(each.path(), ignored);
  }
}

Result<CheckReport> backup(const fs::path& directory, const fs::path& file, bool replace) {
  std::error_code ignored;
  const auto there = fs::symlink_status(file, ignored);
  if (fs::exists(there) && !(replace && fs::is_regular_file(there))) {
    return fail(Error{.code = Errc::duplicate,
                      .message = file.native() + " exists already",
                      .hint = fs::is_regular_file(there) ? "--force replaces it"
                                                         : "name a file that is to be made"});
  }
  TRY(settle(directory));
  TRY_ASSIGN(const auto env, Env::open(directory, {.read_only = true, .alone = false}));
  TRY_ASSIGN(const Unfinished draft, Unfinished::file(file));
  TRY_ASSIGN(CheckReport report, write_copy(*env, draft));
  TRY(move(draft.path(), file));
  TRY(flush_directory(file.parent_path()));
  return report;
}

Result<Restored> restore(const fs::path& file, const fs::path& directory) {
  Restored restored;
  std::error_code failure;
  if (!fs::is_regular_file(file, failure)) {
    return fail(Error{.code = Errc::not_found,
                      .message = file.native() + " is not the file of a backup",
                      .hint = "moon-cli db backup FILE makes one"});
  }
  TRY_ASSIGN(restored.report, check(file));
  TRY(verdict(restored.report, file));
  UniqueFd lock;
  if (fs::exists(directory, failure)) {
    TRY_ASSIGN(lock, lock_store(directory));
  }
  TRY_ASSIGN(const Unfinished draft, Unfinished::directory(directory));
  const fs::path& fresh = draft.path();
  if (!fs::copy_file(file, fresh / kDataFile, failure)) {
    return fail(errno_error("copying to " + fresh.native(), failure.value()));
  }
  if (::chmod((fresh / kDataFile).c_str(), 0600) != 0) return fail_errno("chmod " + fresh.native());
  TRY(begin_history(fresh));  // and flushes
  TRY(flush_directory(fresh));
  TRY_ASSIGN(restored.kept, put_in_place(fresh, directory));
  TRY(flush_directory(directory.parent_path()));
  return restored;
}

Result<Compacted> compact(const fs::path& directory) {
  Compacted compacted;
  TRY(settle(directory));
  TRY_ASSIGN(const auto env, Env::open(directory, {.read_only = true}));
  TRY_ASSIGN(const Unfinished draft, Unfinished::file(env->file()));
  std::error_code ignored;
  compacted.before = fs::file_size(env->file(), ignored);
  TRY(write_copy(*env, draft));
  compacted.after = fs::file_size(draft.path(), ignored);
  TRY(move(draft.path(), env->file()));
  // Transactions are counted anew in the copy; what the table of readers remembers is of the old.
  fs::remove(directory / kReaders, ignored);
  TRY(flush_directory(directory));
  return compacted;
}

}  // namespace engine::store
