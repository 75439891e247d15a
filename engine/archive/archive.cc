#include "archive/archive.hh"

#include <algorithm>

namespace engine::archive {

/// A table that was checked, with those of its children that were needed so far.
struct Archive::Directory {
  std::string path;
  unsigned depth = 0;
  std::vector<Entry> rows;
  /// Parallel to `rows`, filled as they are needed, guarded by the archive's mutex. A child once
  /// made stays where it is until the archive goes.
  mutable std::vector<std::unique_ptr<Directory>> children;
};

namespace {

// Fields of the header.
constexpr std::uint64_t kRootSighashAt = 99;
constexpr std::uint64_t kRootMaxsizeAt = 131;
constexpr std::uint64_t kTableSizeAt = 147;

constexpr std::string_view kGetAgain =
    "the package is damaged or forged: get it again from its author";

Error table_fault(Errc code, const Place& place, const std::string& what) {
  return fault(
      code, place, "the table of " + show_path(place.path) + " " + what, std::string(kGetAgain));
}

Error no_entry(std::string_view path, const std::string& why) {
  return Error{.code = Errc::not_found,
               .message = show_path(path) + " " + why,
               .hint = "list the package to see what it holds"};
}

std::string join(std::string_view directory, std::string_view name) {
  std::string out(directory);
  if (!out.empty()) out += '/';
  return out.append(name);
}

/// Whether every name in `path` has at least one character.
bool has_only_names(std::string_view path) {
  return !path.starts_with('/') && !path.ends_with('/') &&
         path.find("//") == std::string_view::npos;
}

Result<Header> read_header(const ByteSource& source) {
  Bytes bytes(static_cast<std::size_t>(std::min<std::uint64_t>(source.size(), kHeaderSize)));
  TRY(source.read(0, bytes));
  return decode_header(bytes);
}

}  // namespace

Result<> check_commitment(const Commitment& own, const std::optional<Commitment>& wanted) {
  const auto refuse = [](Rule rule, std::string message, std::string hint) {
    const std::uint64_t at = rule == Rule::commitment_hash ? kRootSighashAt : kRootMaxsizeAt;
    return fail(fault(
        Errc::validate_s9pk, {.rule = rule, .offset = at}, std::move(message), std::move(hint)));
  };
  if (!wanted) {
    if (own.root_maxsize <= kMaxRootWithoutCommitment) return {};
    return refuse(Rule::root_maxsize,
                  "the package's root table may take " + std::to_string(own.root_maxsize) +
                      " bytes, more than the 1 MiB allowed without a commitment",
                  "give the commitment the registry publishes for it");
  }
  if (own.root_sighash != wanted->root_sighash) {
    return refuse(Rule::commitment_hash,
                  "this is another package than the commitment names: its root hash is " +
                      own.sighash_hex() + ", wanted is " + wanted->sighash_hex(),
                  "check the commitment, or get the file it belongs to");
  }
  if (own.root_maxsize > wanted->root_maxsize) {
    return refuse(Rule::commitment_maxsize,
                  "the package's root table may take " + std::to_string(own.root_maxsize) +
                      " bytes, more than the commitment's " + std::to_string(wanted->root_maxsize),
                  "check the commitment, or get the file it belongs to");
  }
  return {};
}

Archive::Archive(std::shared_ptr<const ByteSource> source, Header header, Limits limits)
    : source_(std::move(source)), header_(header), limits_(limits) {}

Archive::~Archive() = default;

Result<std::shared_ptr<const Archive>> Archive::open(std::shared_ptr<const ByteSource> source,
                                                     OpenOptions options) {
  TRY_ASSIGN(Header header, read_header(*source));
  TRY(verify_header(header));
  TRY(check_commitment(header.root, options.commitment));
  const std::shared_ptr<Archive> archive(new Archive(std::move(source), header, options.limits));
  // Seen from outside, the root is an entry like any other.
  const Entry root{.name = "",
                   .type = EntryType::directory,
                   .hash = header.root.root_sighash,
                   .size = header.root.root_maxsize,
                   .position = header.table_position,
                   .table_size = header.table_size};
  TRY_ASSIGN(archive->root_, archive->load(root, "", 0));
  return std::shared_ptr<const Archive>(archive);
}

/// Reads, parses and checks one table. Its children are not touched, so that no byte steers the
/// reader before the parent's hash has vouched for it.
Result<std::unique_ptr<Archive::Directory>> Archive::load(const Entry& row,
                                                          std::string path,
                                                          unsigned depth) const {
  if (depth > limits_.max_depth) {
    return fail(table_fault(
        Errc::validate_s9pk, {Rule::depth, path, row.position}, "is nested too deeply"));
  }
  TRY_ASSIGN(const Bytes bytes, read_table(row, path));
  TRY_ASSIGN(std::vector<Entry> rows, parse_table(bytes, path, row.position));
  if (sighash(rows) != row.hash) {
    return fail(table_fault(
        Errc::validate_s9pk, {Rule::sighash, path, row.position}, "does not match its hash"));
  }
  TRY(charge({Rule::total_entries, path, row.position}, bytes.size(), rows.size()));
  const std::size_t count = rows.size();
  return std::make_unique<Directory>(
      Directory{.path = std::move(path),
                .depth = depth,
                .rows = std::move(rows),
                .children = std::vector<std::unique_ptr<Directory>>(count)});
}

Result<Bytes> Archive::read_table(const Entry& row, std::string_view path) const {
  if (row.table_size > row.size) {
    return fail(table_fault(Errc::validate_s9pk,
                            {Rule::table_size, path, path.empty() ? kTableSizeAt : row.position},
                            "takes " + std::to_string(row.table_size) + " bytes, signed were " +
                                std::to_string(row.size)));
  }
  if (!path.empty() && row.table_size > limits_.max_table) {
    return fail(table_fault(Errc::validate_s9pk,
                            {Rule::table_limit, path, row.position},
                            "is larger than this host reads"));
  }
  if (!lies_inside(row.position, row.table_size, source_->size())) {
    return fail(table_fault(
        Errc::parse_s9pk, {Rule::table_range, path, source_->size()}, "lies outside the file"));
  }
  Bytes bytes(static_cast<std::size_t>(row.table_size));
  TRY(source_->read(row.position, bytes));
  return bytes;
}

Result<> Archive::charge(Place place, std::uint64_t bytes, std::uint64_t entries) const {
  table_bytes_seen_ += bytes;
  entries_seen_ += entries;
  if (entries_seen_ > limits_.max_entries) {
    return fail(table_fault(Errc::validate_s9pk, place, "brings the package over 1048576 entries"));
  }
  if (table_bytes_seen_ > limits_.max_all_tables) {
    place.rule = Rule::total_tables;
    return fail(table_fault(
        Errc::validate_s9pk, place, "brings all tables together over what this host reads"));
  }
  return {};
}

Result<const Archive::Directory*> Archive::child(const Directory& parent, std::size_t index) const {
  const std::lock_guard lock(mutex_);
  auto& slot = parent.children[index];
  if (!slot) {
    const Entry& row = parent.rows[index];
    TRY_ASSIGN(slot, load(row, join(parent.path, row.name), parent.depth + 1));
  }
  return slot.get();
}

Result<const Archive::Directory*> Archive::directory(std::string_view path) const {
  const Directory* at = root_.get();
  std::string_view rest = path;
  while (!rest.empty()) {
    const auto slash = rest.find('/');
    const std::string_view name = rest.substr(0, slash);
    rest = slash == std::string_view::npos ? "" : rest.substr(slash + 1);
    const auto row = std::ranges::lower_bound(at->rows, name, {}, &Entry::name);
    if (row == at->rows.end() || row->name != name) {
      return fail(no_entry(path, "is not in the package"));
    }
    if (row->type != EntryType::directory) {
      return fail(no_entry(join(at->path, name),
                           "is not a directory (type " + std::string(type_name(row->type)) + ")"));
    }
    TRY_ASSIGN(at, child(*at, static_cast<std::size_t>(row - at->rows.begin())));
  }
  return at;
}

Result<Entry> Archive::find(std::string_view path) const {
  if (!has_only_names(path)) return fail(no_entry(path, "is not in the package"));
  const auto slash = path.rfind('/');
  const bool top = slash == std::string_view::npos;
  const std::string_view name = top ? path : path.substr(slash + 1);
  TRY_ASSIGN(const Directory* parent, directory(top ? "" : path.substr(0, slash)));
  const auto row = std::ranges::lower_bound(parent->rows, name, {}, &Entry::name);
  if (row == parent->rows.end() || row->name != name) {
    return fail(no_entry(path, "is not in the package"));
  }
  return *row;
}

Result<std::vector<Entry>> Archive::list(std::string_view path) const {
  if (!has_only_names(path)) return fail(no_entry(path, "is not in the package"));
  TRY_ASSIGN(const Directory* found, directory(path));
  return found->rows;
}

Result<> Archive::walk(const Visitor& visit) const {
  return walk_in(*root_, visit);
}

Result<> Archive::walk_in(const Directory& directory, const Visitor& visit) const {
  for (std::size_t i = 0; i < directory.rows.size(); ++i) {
    const Entry& row = directory.rows[i];
    TRY(visit(join(directory.path, row.name), row));
    if (row.type != EntryType::directory) continue;
    TRY_ASSIGN(const Directory* inner, child(directory, i));
    TRY(walk_in(*inner, visit));
  }
  return {};
}

Result<std::string> Archive::read_file(std::string_view path, std::uint64_t max_size) const {
  TRY_ASSIGN(const Entry entry, find(path));
  if (entry.type == EntryType::file && entry.size > max_size) {
    return fail(fault(Errc::validate_s9pk,
                      {Rule::file_limit, path, entry.position},
                      show_path(path) + " has " + std::to_string(entry.size) +
                          " bytes, more than the " + std::to_string(max_size) + " read at once",
                      "extract it to a file instead"));
  }
  MemorySink content;
  TRY(verify(path, entry, {}, &content));
  return std::string(as_text(content.bytes()));
}

Result<> Archive::verify(std::string_view path,
                         const Entry& entry,
                         const crypto::HashOptions& options,
                         ByteSink* copy_to) const {
  if (entry.type == EntryType::missing) {
    return fail(no_entry(path, "was left out of this copy of the package"));
  }
  if (entry.type == EntryType::directory) return fail(no_entry(path, "is a directory, not a file"));
  const auto refuse = [&](Errc code, Rule rule, std::uint64_t offset, std::string_view what) {
    return fail(fault(code,
                      {rule, path, offset},
                      show_path(path) + " " + std::string(what),
                      std::string(kGetAgain)));
  };
  if (!lies_inside(entry.position, entry.size, source_->size())) {
    return refuse(Errc::parse_s9pk,
                  Rule::file_range,
                  source_->size(),
                  "lies outside the file: the package is cut off");
  }
  if (copy_to != nullptr) TRY(copy_to->resize(entry.size));
  const crypto::PieceReader piece = [&](std::uint64_t offset,
                                        MutableBytes scratch) -> Result<ByteView> {
    TRY(source_->read(entry.position + offset, scratch));
    if (copy_to != nullptr) TRY(copy_to->write(offset, scratch));
    return ByteView(scratch);
  };
  TRY_ASSIGN(const Digest digest, crypto::blake3_pieces(entry.size, piece, options));
  if (digest != entry.hash) {
    return refuse(Errc::validate_s9pk, Rule::file_hash, entry.position, "does not match its hash");
  }
  return {};
}

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

}  // namespace engine::archive
