#include "archive/extract.hh"

#include "archive/fault.hh"
#include "base/defer.hh"
#include "base/file.hh"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <span>
#include <utility>

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

struct EmptyFolder {
  UniqueFd fd;
  bool is_ours;  ///< it was made here
};

Result<EmptyFolder> empty_folder(const std::filesystem::path& folder) {
  const bool made = ::mkdir(folder.c_str(), 0755) == 0;
  if (!made && errno != EEXIST) return fail_errno("mkdir " + folder.string());
  TRY_ASSIGN(UniqueFd fd, open_file(folder, O_RDONLY | O_DIRECTORY));
  std::error_code none;
  if (std::filesystem::is_empty(folder, none) && !none) return EmptyFolder{std::move(fd), made};
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

/// The directory `name` of the one open as `at`, unless that is a link.
UniqueFd open_inner(int at, const std::string& name) {
  return UniqueFd(::openat(at, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

/// Writes directory after directory, each through the descriptor of the one above. What fails takes
/// back what it has written.
class TreeWriter {
 public:
  TreeWriter(const Archive& archive, const crypto::HashOptions& options)
      : archive_(archive), options_(options) {}

  Result<> directory(const std::string& path, int at) {
    TRY_ASSIGN(const std::vector<Entry> rows, archive_.list(path));
    for (std::size_t i = 0; i < rows.size(); ++i) {
      auto written = entry(inner_path(path, rows[i]), rows[i], at);
      if (written) continue;
      take_back(path, std::span(rows).first(i), at);
      return written;
    }
    return {};
  }

  ExtractReport report;

 private:
  static std::string inner_path(const std::string& path, const Entry& row) {
    return path.empty() ? row.name : path + "/" + row.name;
  }

  Result<> entry(const std::string& path, const Entry& row, int at) {
    if (row.type == EntryType::file) return file(path, row, at);
    if (row.type == EntryType::directory) return subdirectory(path, row, at);
    return {};
  }

  Result<> subdirectory(const std::string& path, const Entry& row, int at) {
    if (::mkdirat(at, row.name.c_str(), 0755) != 0) return not_created("mkdir", path);
    Defer discard([&] { ::unlinkat(at, row.name.c_str(), AT_REMOVEDIR); });
    const UniqueFd inner = open_inner(at, row.name);
    if (!inner) return fail_errno("open " + show_path(path));
    TRY(directory(path, inner.get()));
    discard.dismiss();
    ++report.directories;
    return {};
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

  /// Removes the entries `rows` of the directory `path`. What somebody put beside them stays, and
  /// so do the directories it is in.
  void take_back(const std::string& path, std::span<const Entry> rows, int at) {
    for (const Entry& row : rows) {
      if (row.type == EntryType::file) ::unlinkat(at, row.name.c_str(), 0);
      if (row.type != EntryType::directory) continue;
      const std::string inner = inner_path(path, row);
      const UniqueFd directory = open_inner(at, row.name);
      if (const auto held = archive_.list(inner); directory && held) {
        take_back(inner, *held, directory.get());
      }
      ::unlinkat(at, row.name.c_str(), AT_REMOVEDIR);
    }
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
  TRY_ASSIGN(const EmptyFolder empty, empty_folder(folder));
  Defer discard([&] {
    if (empty.is_ours) ::rmdir(folder.c_str());
  });
  TreeWriter writer(archive, options);
  TRY(writer.directory("", empty.fd.get()));
  discard.dismiss();
  return writer.report;
}

}  // namespace engine::archive
