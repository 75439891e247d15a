#include "archive/extract.hh"

#include "archive/fault.hh"
#include "base/defer.hh"
#include "base/file.hh"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace engine::archive {
namespace {

constexpr std::uint64_t kMaxExpansion = 16;

Result<> check_total(const Archive& archive) {
  std::uint64_t total = 0;
  return archive.walk([&](const std::string& path, const Entry& entry) -> Result<> {
    if (entry.type != EntryType::file) return {};
    total += entry.size;
    if (lies_inside(entry.position, entry.size, archive.source().size()) &&
        total / kMaxExpansion <= archive.source().size()) {
      return {};
    }
    return fail(fault(Errc::validate_s9pk,
                      {Rule::file_overlap, path, entry.position},
                      "the files of the package would take far more room than the package",
                      "extract single files of it"));
  });
}

Result<UniqueFd> new_folder(const std::filesystem::path& folder) {
  if (::mkdir(folder.c_str(), 0755) != 0 && errno != EEXIST) {
    return fail_errno("mkdir " + folder.string());
  }
  TRY_ASSIGN(UniqueFd fd, open_file(folder, O_RDONLY | O_DIRECTORY));
  std::error_code none;
  if (std::filesystem::is_empty(folder, none) && !none) return fd;
  return fail(Error{.code = Errc::duplicate,
                    .message = folder.string() + " is not empty",
                    .hint = "extract into a new folder"});
}

/// After a system call that found something in the place of a new entry, or failed otherwise.
tl::unexpected<Error> not_created(const char* call, const std::string& path) {
  if (errno != EEXIST) return fail_errno(std::string(call) + " " + show_path(path));
  return fail(Error{.code = Errc::duplicate,
                    .message = "there is something in the place of " + show_path(path) + " already",
                    .hint = "another name of the package is the same to this file system, in the "
                            "other case for instance: extract elsewhere"});
}

/// Writes directory after directory, each through the descriptor of the one above.
class TreeWriter {
 public:
  TreeWriter(const Archive& archive, const crypto::HashOptions& options)
      : archive_(archive), options_(options) {}

  Result<> directory(const std::string& path, int at) {
    TRY_ASSIGN(const std::vector<Entry> rows, archive_.list(path));
    for (const Entry& row : rows) {
      const std::string inner = path.empty() ? row.name : path + "/" + row.name;
      if (row.type == EntryType::file) TRY(file(inner, row, at));
      if (row.type == EntryType::directory) TRY(subdirectory(inner, row, at));
    }
    return {};
  }

  ExtractReport report;

 private:
  Result<> subdirectory(const std::string& path, const Entry& row, int at) {
    if (::mkdirat(at, row.name.c_str(), 0755) != 0) return not_created("mkdir", path);
    const UniqueFd inner(
        ::openat(at, row.name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!inner) return fail_errno("open " + show_path(path));
    ++report.directories;
    return directory(path, inner.get());
  }

  Result<> file(const std::string& path, const Entry& row, int at) {
    const UniqueFd fd(
        ::openat(at, row.name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644));
    if (!fd) return not_created("create", path);
    Defer discard([&] { ::unlinkat(at, row.name.c_str(), 0); });
    FileSink sink(fd.get());
    TRY(archive_.verify(path, row, options_, &sink));
    discard.dismiss();
    ++report.files;
    report.bytes += row.size;
    return {};
  }

  const Archive& archive_;
  const crypto::HashOptions& options_;
};

}  // namespace

Result<> extract_file(const Archive& archive,
                      std::string_view path,
                      const std::filesystem::path& destination,
                      unsigned mode,
                      const crypto::HashOptions& options) {
  TRY_ASSIGN(const Entry entry, archive.find(path));
  return write_beside(destination, mode, [&](ByteSink& sink) {
    return archive.verify(path, entry, options, &sink);
  });
}

Result<ExtractReport> extract_tree(const Archive& archive,
                                   const std::filesystem::path& folder,
                                   const crypto::HashOptions& options) {
  TRY(check_total(archive));
  TRY_ASSIGN(const UniqueFd fd, new_folder(folder));
  TreeWriter writer(archive, options);
  TRY(writer.directory("", fd.get()));
  return writer.report;
}

}  // namespace engine::archive
