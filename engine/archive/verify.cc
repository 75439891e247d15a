#include "archive/verify.hh"

#include "archive/fault.hh"
#include "archive/sections.hh"

#include <algorithm>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace engine::archive {
namespace {

// Honest packages share whole sections, which are hashed once. Sections that partly overlap are
// allowed too, but a file may not turn into unbounded work through them.
constexpr std::uint64_t kMaxOverlap = 16;

/// The distinct sections of an archive, each with one path that uses it.
class Inventory {
 public:
  Result<> collect(const Archive& archive) {
    return archive.walk([&](const std::string& path, const Entry& entry) -> Result<> {
      if (entry.type == EntryType::directory) ++report.directories;
      if (entry.type == EntryType::missing) ++report.missing;
      return entry.type == EntryType::file ? add(archive, path, entry) : Result<>{};
    });
  }

  VerifyReport report;
  std::vector<std::pair<std::string, Entry>> files;

 private:
  Result<> add(const Archive& archive, const std::string& path, const Entry& entry) {
    ++report.files;
    if (!lies_inside(entry.position, entry.size, archive.source().size())) {
      return archive.verify(path, entry);  // gives the error
    }
    if (!seen_.emplace(entry.position, entry.size, entry.hash).second) return {};
    report.bytes += entry.size;
    if (report.bytes / kMaxOverlap > archive.source().size()) {
      return fail(fault(Errc::validate_s9pk,
                        {Rule::file_overlap, path, entry.position},
                        "the files of the package overlap so much that reading them is refused",
                        "the package is forged or was made by a broken tool"));
    }
    files.emplace_back(path, entry);
    return {};
  }

  std::set<std::tuple<std::uint64_t, std::uint64_t, Digest>> seen_;
};

}  // namespace

Result<VerifyReport> verify_all(const Archive& archive, const VerifyOptions& options) {
  Inventory inventory;
  TRY(inventory.collect(archive));
  // As they lie in the file: the order in which a source has to move least.
  std::ranges::stable_sort(
      inventory.files, {}, [](const auto& file) { return file.second.position; });
  std::vector<Section> sections;
  sections.reserve(inventory.files.size());
  for (const auto& file : inventory.files) {
    sections.push_back(
        {.size = file.second.size, .run = [&archive, &file](const crypto::HashOptions& hashing) {
           return archive.verify(file.first, file.second, hashing);
         }});
  }
  TRY(run_sections(sections,
                   {.threads = archive.source().sequential() ? 1 : options.threads,
                    .stop = options.stop,
                    .progress = sum_progress(inventory.report.bytes, options.progress)}));
  return inventory.report;
}

}  // namespace engine::archive
