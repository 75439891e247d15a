#include "store/backup.hh"

#include "base/defer.hh"
#include "base/file.hh"
#include "store/env.hh"
#include "store/recovery.hh"
#include "store/state.hh"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <ctime>

namespace engine::store {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFile = "data.mdb";
constexpr std::string_view kReaders = "lock.mdb";

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

fs::path draft_of(const fs::path& path) {
  fs::path draft = path;
  draft += fmt::format(".part-{}", ::getpid());
  return draft;
}

/// A copy of the store in `env` that has been read to its last page.
Result<CheckReport> write_copy(const Env& env, const fs::path& draft) {
  TRY_ASSIGN(const UniqueFd fd, open_file(draft, O_CREAT | O_EXCL | O_RDWR, 0600));
  TRY(env.copy_to(fd.get()));
  TRY_ASSIGN(CheckReport report, check(draft));
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
  if (::renameat2(AT_FDCWD, fresh.c_str(), AT_FDCWD, directory.c_str(), RENAME_EXCHANGE) == 0) {
    TRY(move(fresh, kept));
  } else {
    // A file system that cannot exchange: for a moment there is no store.
    TRY(move(directory, kept));
    TRY(move(fresh, directory));
  }
  return kept;
}

}  // namespace

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
  const fs::path draft = draft_of(file);
  fs::remove(draft, ignored);
  const Defer clear([&] { fs::remove(draft, ignored); });
  TRY_ASSIGN(CheckReport report, write_copy(*env, draft));
  TRY(move(draft, file));
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
  const fs::path draft = draft_of(directory);
  fs::remove_all(draft, failure);
  const Defer clear([&] { fs::remove_all(draft, failure); });
  if (::mkdir(draft.c_str(), 0700) != 0) return fail_errno("mkdir " + draft.native());
  if (!fs::copy_file(file, draft / kFile, failure)) {
    return fail(errno_error("copying to " + draft.native(), failure.value()));
  }
  if (::chmod((draft / kFile).c_str(), 0600) != 0) return fail_errno("chmod " + draft.native());
  TRY(begin_history(draft));  // and flushes
  TRY(flush_directory(draft));
  TRY_ASSIGN(restored.kept, put_in_place(draft, directory));
  TRY(flush_directory(directory.parent_path()));
  return restored;
}

Result<Compacted> compact(const fs::path& directory) {
  Compacted compacted;
  TRY(settle(directory));
  TRY_ASSIGN(const auto env, Env::open(directory, {.read_only = true}));
  const fs::path draft = draft_of(env->file());
  std::error_code ignored;
  fs::remove(draft, ignored);
  const Defer clear([&] { fs::remove(draft, ignored); });
  compacted.before = fs::file_size(env->file(), ignored);
  TRY(write_copy(*env, draft));
  compacted.after = fs::file_size(draft, ignored);
  TRY(move(draft, env->file()));
  // Transactions are counted anew in the copy; what the table of readers remembers is of the old.
  fs::remove(directory / kReaders, ignored);
  TRY(flush_directory(directory));
  return compacted;
}

}  // namespace engine::store
