#include "base/defer.hh"
#include "base/file.hh"
#include "store/check.hh"
#include "store/store.hh"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace engine::store {
namespace {

/// Makes a rename in `directory` survive a power cut.
Result<> flush_directory(const std::filesystem::path& directory) {
  TRY_ASSIGN(const UniqueFd fd, open_file(directory, O_RDONLY | O_DIRECTORY));
  if (::fsync(fd.get()) != 0) return fail_errno("fsync " + directory.native());
  return {};
}

Result<> make_directory(const std::filesystem::path& path) {
  if (::mkdir(path.c_str(), 0700) != 0) return fail_errno("mkdir " + path.native());
  return {};
}

}  // namespace

Result<RevisionId> Store::backup(const std::filesystem::path& directory) {
  std::error_code ignored;
  if (std::filesystem::exists(directory, ignored)) {
    return fail(Error{.code = Errc::duplicate,
                      .message = directory.native() + " exists already",
                      .hint = "name a folder that is to be made"});
  }
  // A durable change that changes nothing flushes what others have left in memory.
  TRY(committer_->submit_and_wait({}, Durability::durable));
  std::filesystem::path draft = directory;
  draft += ".part";
  std::filesystem::remove_all(draft, ignored);
  TRY(make_directory(draft));
  Defer clear([&] { std::filesystem::remove_all(draft, ignored); });
  TRY(env_->copy_to(draft));
  TRY_ASSIGN(const CheckReport report, check(draft));
  std::filesystem::remove(draft / "lock.mdb", ignored);
  std::filesystem::rename(draft, directory, ignored);
  if (ignored) return fail(errno_error("rename to " + directory.native(), ignored.value()));
  TRY(flush_directory(directory.parent_path().empty() ? "." : directory.parent_path()));
  return report.head;
}

}  // namespace engine::store
