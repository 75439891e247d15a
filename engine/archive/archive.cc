#include "archive/archive.hh"

#include <algorithm>

namespace engine::archive {

/// A table that was checked. Two directories with the same table share it, wherever they are, so
/// that neither time nor memory grows with the number of ways to it.
struct Archive::Table {
  std::vector<Entry> rows;
  /// Parallel to `rows`, filled as they are needed, guarded by the archive's mutex. A child once
  /// made stays where it is until the archive goes.
  mutable std::vector<const Table*> children;
  /// What lies below, once `measure` was here: entries, each counted for every way to it, and
  /// directory levels.
  mutable std::optional<std::uint64_t> entries_below = {};
  mutable unsigned levels_below = 0;
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
  TRY_ASSIGN(archive->root_, archive->load(root, ""));
  return std::shared_ptr<const Archive>(archive);
}

/// Reads, parses and checks one table, unless it is known. Its children are not touched, so that no
/// byte steers the reader before the parent's hash has vouched for it.
Result<const Archive::Table*> Archive::load(const Entry& row, std::string_view path) const {
  const TableKey key{row.position, row.table_size, row.size, row.hash};
  if (const auto known = tables_.find(key); known != tables_.end()) return known->second.get();
  TRY_ASSIGN(const Bytes bytes, read_table(row, path));
  TRY_ASSIGN(std::vector<Entry> rows, parse_table(bytes, path, row.position));
  if (sighash(rows) != row.hash) {
    return fail(table_fault(
        Errc::validate_s9pk, {Rule::sighash, path, row.position}, "does not match its hash"));
  }
  TRY(charge({Rule::total_entries, path, row.position}, bytes.size(), rows.size()));
  const std::size_t count = rows.size();
  auto table = std::make_unique<Table>(
      Table{.rows = std::move(rows), .children = std::vector<const Table*>(count)});
  return tables_.emplace(key, std::move(table)).first->second.get();
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

/// The table of the directory `path`, which is row `index` of `parent`, `depth` levels below the
/// root. REQUIRES: the mutex is held.
Result<const Archive::Table*> Archive::child(const Table& parent,
                                             std::size_t index,
                                             std::string_view path,
                                             unsigned depth) const {
  const Entry& row = parent.rows[index];
  if (depth > limits_.max_depth) {
    return fail(table_fault(
        Errc::validate_s9pk, {Rule::depth, path, row.position}, "is nested too deeply"));
  }
  const Table*& slot = parent.children[index];
  if (slot == nullptr) {
    TRY_ASSIGN(slot, load(row, path));
  }
  return slot;
}

Result<const Archive::Table*> Archive::directory(std::string_view path) const {
  const std::lock_guard lock(mutex_);
  const Table* at = root_;
  unsigned depth = 0;
  for (std::size_t start = 0; start < path.size();) {
    const std::size_t end = std::min(path.find('/', start), path.size());
    const std::string_view name = path.substr(start, end - start);
    const auto row = std::ranges::lower_bound(at->rows, name, {}, &Entry::name);
    if (row == at->rows.end() || row->name != name) {
      return fail(no_entry(path, "is not in the package"));
    }
    const std::string_view here = path.substr(0, end);
    if (row->type != EntryType::directory) {
      return fail(
          no_entry(here, "is not a directory (type " + std::string(type_name(row->type)) + ")"));
    }
    TRY_ASSIGN(at, child(*at, static_cast<std::size_t>(row - at->rows.begin()), here, ++depth));
    start = end + 1;
  }
  return at;
}

Result<Entry> Archive::find(std::string_view path) const {
  if (!has_only_names(path)) return fail(no_entry(path, "is not in the package"));
  const auto slash = path.rfind('/');
  const bool top = slash == std::string_view::npos;
  const std::string_view name = top ? path : path.substr(slash + 1);
  TRY_ASSIGN(const Table* parent, directory(top ? "" : path.substr(0, slash)));
  const auto row = std::ranges::lower_bound(parent->rows, name, {}, &Entry::name);
  if (row == parent->rows.end() || row->name != name) {
    return fail(no_entry(path, "is not in the package"));
  }
  return *row;
}

Result<std::vector<Entry>> Archive::list(std::string_view path) const {
  if (!has_only_names(path)) return fail(no_entry(path, "is not in the package"));
  TRY_ASSIGN(const Table* found, directory(path));
  return found->rows;
}

/// Reads every table below `table` and counts what a walk would meet: each table once, however many
/// ways there are to it. REQUIRES: the mutex is held.
Result<> Archive::measure(const Table& table, const std::string& path, unsigned depth) const {
  if (!table.entries_below) {
    std::uint64_t entries = table.rows.size();
    unsigned levels = 0;
    for (std::size_t i = 0; i < table.rows.size(); ++i) {
      if (table.rows[i].type != EntryType::directory) continue;
      const std::string inner_path = join(path, table.rows[i].name);
      TRY_ASSIGN(const Table* inner, child(table, i, inner_path, depth + 1));
      TRY(measure(*inner, inner_path, depth + 1));
      entries += *inner->entries_below;
      levels = std::max(levels, inner->levels_below + 1);
      if (entries > limits_.max_entries) break;  // enough to refuse it, and no overflow
    }
    table.entries_below = entries;
    table.levels_below = levels;
  }
  if (*table.entries_below > limits_.max_entries) {
    return fail(table_fault(Errc::validate_s9pk,
                            {Rule::total_entries, path, header_.table_position},
                            "brings the package over 1048576 entries"));
  }
  // Known from a shorter way, it may still be too deep on this one.
  if (depth + table.levels_below > limits_.max_depth) {
    return fail(table_fault(Errc::validate_s9pk,
                            {Rule::depth, path, header_.table_position},
                            "holds directories that are nested too deeply"));
  }
  return {};
}

Result<> Archive::walk(const Visitor& visit) const {
  {
    const std::lock_guard lock(mutex_);
    TRY(measure(*root_, "", 0));
  }
  return walk_in(*root_, "", visit);
}

/// REQUIRES: `table` was measured, so that all below it is there and nothing changes any more.
Result<> Archive::walk_in(const Table& table, const std::string& path, const Visitor& visit) const {
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    const Entry& row = table.rows[i];
    const std::string inner = join(path, row.name);
    TRY(visit(inner, row));
    if (row.type == EntryType::directory) TRY(walk_in(*table.children[i], inner, visit));
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

}  // namespace engine::archive
