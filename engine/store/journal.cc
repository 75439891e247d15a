#include "store/journal.hh"

#include "base/defer.hh"
#include "base/file.hh"
#include "store/checksum.hh"
#include "store/entry.hh"
#include "store/env.hh"
#include "store/revision_log.hh"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

namespace engine::store {
namespace {

namespace fs = std::filesystem;
using namespace std::string_view_literals;

// The file: a header (magic, format, room, store id, history, checksum of these), frames from
// kFirstFrame on. A frame: magic, id of the first revision, their number, bytes of the payload,
// checksum of store id, the fields before and the payload; then the payload: of each revision its
// size, itself, and the size of its schema + 1 (0: none) with the schema.
constexpr std::string_view kFileMagic = "MBXJRNL\n"sv;
constexpr std::string_view kFrameMagic = "\xff\xfb\xf7MBXF\xfe"sv;  // no JSON text contains it
constexpr std::size_t kSector = 512;
constexpr std::size_t kFirstFrame = 4096;
constexpr std::size_t kHeaderSize = 8 + 4 + 8 + 16 + 8;  // without its checksum
constexpr std::size_t kFrameHeader = 8 + 8 + 4 + 4 + 4;
constexpr std::size_t kChecksumAt = 8 + 8 + 4 + 4;

std::size_t padded(std::size_t bytes) {
  return (bytes + kSector - 1) / kSector * kSector;
}

std::string key_of(const Identity& identity) {
  std::string key(reinterpret_cast<const char*>(identity.id.data()), identity.id.size());
  return key.append(reinterpret_cast<const char*>(identity.history.data()),
                    identity.history.size());
}

std::string header_of(const Identity& identity, std::size_t bytes, std::uint32_t format) {
  std::string header(kFileMagic);
  append_number(header, format, 4);
  append_number(header, bytes);
  header += key_of(identity);
  append_number(header, crc32c(header), 4);
  return header;
}

tl::unexpected<Error> broken(const fs::path& file, std::string_view what, std::string_view hint) {
  return fail(Error{.code = Errc::corrupt,
                    .message = fmt::format("{}: the journal is damaged: {}", file.native(), what),
                    .hint = std::string(hint)});
}

constexpr std::string_view kRestore = "restore a backup of the store; nothing was changed";

/// What is wrong with the header, if anything is.
Result<> check_header(const fs::path& file,
                      std::string_view bytes,
                      const Identity& identity,
                      bool needed) {
  // A store that was closed well has everything in its own file.
  const std::string_view hint =
      needed ? kRestore : "the store does not need it any more: move it away";
  if (bytes.size() < kHeaderSize + 4 || !bytes.starts_with(kFileMagic)) {
    return broken(file, "it is none of a moonbox store", hint);
  }
  if (number_at(bytes, kHeaderSize, 4) != crc32c(bytes.substr(0, kHeaderSize))) {
    return broken(file, "its header", hint);
  }
  if (const auto format = number_at(bytes, 8, 4); format > Journal::kFormat) {
    return fail(Error{.code = Errc::newer_format,
                      .message = fmt::format("{}: the journal has format {}, this program knows {}",
                                             file.native(),
                                             format,
                                             Journal::kFormat),
                      .hint = "use a program at least as new as the one that wrote it"});
  }
  if (bytes.substr(20, kHeaderSize - 20) != key_of(identity)) {
    return broken(file, "it belongs to another store", hint);
  }
  if (const auto room = number_at(bytes, 12); bytes.size() < room) {
    return broken(file, fmt::format("cut off: {} bytes of {}", bytes.size(), room), hint);
  }
  return {};
}

struct Found {
  RevisionId first = 0;
  std::uint32_t count = 0;
  std::string_view payload;
  [[nodiscard]] RevisionId next() const { return first + count; }
  [[nodiscard]] std::size_t size() const { return padded(kFrameHeader + payload.size()); }
};

/// The whole frame at `at`, if there is one.
std::optional<Found> frame_at(std::string_view bytes, std::size_t at, std::uint32_t seed) {
  if (bytes.size() < at + kFrameHeader) return std::nullopt;
  const std::string_view header = bytes.substr(at, kFrameHeader);
  if (!header.starts_with(kFrameMagic)) return std::nullopt;
  const std::size_t size = number_at(header, 20, 4);
  if (bytes.size() - at - kFrameHeader < size) return std::nullopt;
  const Found frame{number_at(header, 8),
                    static_cast<std::uint32_t>(number_at(header, 16, 4)),
                    bytes.substr(at + kFrameHeader, size)};
  const std::uint32_t checksum = crc32c(frame.payload, crc32c(header.substr(0, kChecksumAt), seed));
  if (number_at(header, kChecksumAt, 4) != checksum) return std::nullopt;
  return frame;
}

Result<std::string_view> take(std::string_view& payload, std::size_t bytes) {
  if (payload.size() < bytes) return fail(Errc::corrupt, "a revision is cut off");
  const std::string_view taken = payload.substr(0, bytes);
  payload.remove_prefix(bytes);
  return taken;
}

Result<> decode_frame(const Found& frame, RevisionId head, std::vector<RevisionPtr>& into) {
  std::string_view payload = frame.payload;
  for (RevisionId id = frame.first; id < frame.next(); ++id) {
    TRY_ASSIGN(const auto size, take(payload, 4));
    TRY_ASSIGN(const auto text, take(payload, number_at(size, 0, 4)));
    TRY_ASSIGN(const auto schema_size, take(payload, 4));
    std::optional<std::string> schema;
    if (const auto more = number_at(schema_size, 0, 4); more > 0) {
      TRY_ASSIGN(schema, take(payload, more - 1));
    }
    if (id <= head) continue;
    TRY_ASSIGN(auto revision, decode(id, text));
    revision->schema = std::move(schema);
    into.push_back(std::move(revision));
  }
  if (!payload.empty()) return fail(Errc::corrupt, "there is more than its revisions");
  return {};
}

Result<> write_at(int fd, std::string_view bytes, std::size_t at) {
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(at));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return fail(errno_error("writing", written == 0 ? EIO : errno));
    bytes.remove_prefix(static_cast<std::size_t>(written));
    at += static_cast<std::size_t>(written);
  }
  return {};
}

}  // namespace

void JournalFrame::clear() {
  bytes_.assign(kFrameHeader, '\0');
  count_ = 0;
}

void JournalFrame::add(const Revision& revision) {
  if (count_++ == 0) first_ = revision.id;
  const std::size_t at = bytes_.size();
  append_number(bytes_, 0, 4);
  encode(revision, bytes_);
  std::string size;
  append_number(size, bytes_.size() - at - 4, 4);
  bytes_.replace(at, 4, size);
  append_number(bytes_, revision.schema ? revision.schema->size() + 1 : 0, 4);
  if (revision.schema) bytes_ += *revision.schema;
}

std::size_t JournalFrame::size() const {
  return padded(bytes_.size());
}

Journal::Journal(UniqueFd fd, fs::path file, std::uint32_t seed, std::size_t bytes)
    : fd_(std::move(fd)), file_(std::move(file)), seed_(seed), bytes_(bytes), at_(kFirstFrame) {}

fs::path Journal::path_in(const fs::path& directory) {
  return directory / "journal";
}

/// Every byte is written: a file system that only notes where blocks will be would have to note
/// again with each flush that they are written.
Result<std::unique_ptr<Journal>> Journal::create(const fs::path& directory,
                                                 const Identity& identity,
                                                 std::size_t bytes,
                                                 std::uint32_t format) {
  const fs::path file = path_in(directory);
  fs::path draft = file;
  draft += ".part";
  std::error_code ignored;
  Defer clear([&] { fs::remove(draft, ignored); });
  std::string content = header_of(identity, bytes, format);
  content.resize(bytes);
  TRY_ASSIGN(UniqueFd fd, open_file(draft, O_CREAT | O_TRUNC | O_RDWR, 0600));
  if (auto done = write_all(fd.get(), content); !done) {
    return fail(std::move(done).error().context(draft.native()));
  }
  if (::fsync(fd.get()) != 0) return fail_errno("fsync " + draft.native());
  if (::rename(draft.c_str(), file.c_str()) != 0) return fail_errno("rename to " + file.native());
  TRY_ASSIGN(const UniqueFd folder, open_file(directory, O_RDONLY | O_DIRECTORY));
  if (::fsync(folder.get()) != 0) return fail_errno("fsync " + directory.native());
  return std::unique_ptr<Journal>(
      new Journal(std::move(fd), file, crc32c(key_of(identity)), bytes));
}

Result<std::unique_ptr<Journal>> Journal::open(const fs::path& directory,
                                               const Identity& identity) {
  const fs::path file = path_in(directory);
  TRY_ASSIGN(UniqueFd fd, open_file(file, O_RDWR));
  std::error_code failure;
  const auto bytes = fs::file_size(file, failure);
  if (failure) return fail(errno_error("stat " + file.native(), failure.value()));
  return std::unique_ptr<Journal>(
      new Journal(std::move(fd), file, crc32c(key_of(identity)), bytes));
}

bool Journal::fits(const JournalFrame& frame) const {
  return frame.size() <= bytes_ - at_;
}

Result<> Journal::append(JournalFrame& frame) {
  std::string header(kFrameMagic);
  append_number(header, frame.first_);
  append_number(header, frame.count_, 4);
  append_number(header, frame.bytes_.size() - kFrameHeader, 4);
  const std::string_view payload = std::string_view(frame.bytes_).substr(kFrameHeader);
  append_number(header, crc32c(payload, crc32c(header, seed_)), 4);
  frame.bytes_.replace(0, kFrameHeader, header);
  frame.bytes_.resize(frame.size());
  if (auto done = write_at(fd_.get(), frame.bytes_, at_); !done) {
    return fail(std::move(done).error().context(file_.native()));
  }
  if (::fdatasync(fd_.get()) != 0) {
    // Not "no space", whatever the disk says: it is not known any more what is on it.
    return fail(Errc::filesystem, errno_error("flushing " + file_.native(), errno).message);
  }
  at_ += frame.bytes_.size();
  return {};
}

void Journal::restart() {
  at_ = kFirstFrame;
}

Result<std::vector<RevisionPtr>> read_journal(const fs::path& directory,
                                              const Identity& identity,
                                              const Head& head) {
  std::vector<RevisionPtr> revisions;
  const fs::path file = Journal::path_in(directory);
  const bool needed = head.journal != 0;
  std::error_code ignored;
  if (!fs::exists(file, ignored)) {
    if (!needed) return revisions;
    return broken(file, "it is missing, and changes may be in it", kRestore);
  }
  TRY_ASSIGN(const std::string bytes, read_file(file));
  TRY(check_header(file, bytes, identity, needed));
  const std::uint32_t seed = crc32c(key_of(identity));
  std::size_t at = kFirstFrame;
  RevisionId next = 0;  // of the frame to come, once there has been one
  while (const auto frame = frame_at(bytes, at, seed)) {
    if (next != 0 && frame->first != next) break;
    if (auto done = decode_frame(*frame, head.revision, revisions); !done) {
      return broken(file, fmt::format("byte {}: {}", at, done.error().message), kRestore);
    }
    next = frame->next();
    at += frame->size();
  }
  if (!revisions.empty() && revisions.front()->id != head.revision + 1) {
    return broken(file,
                  fmt::format("the file ends with revision {}, the journal begins with {}",
                              head.revision,
                              revisions.front()->id),
                  kRestore);
  }
  // Whatever comes after a torn end was never written, but in an earlier round: then it is older.
  const RevisionId expected = std::max(next, head.revision + 1);
  for (std::size_t behind = at; behind < bytes.size(); behind += kSector) {
    const auto frame = frame_at(bytes, behind, seed);
    if (!frame || frame->first < expected) continue;
    return broken(
        file,
        fmt::format("byte {}: revision {} cannot be read, {} can", at, expected, frame->first),
        kRestore);
  }
  return revisions;
}

Result<std::vector<RevisionPtr>> read_idle_journal(const fs::path& path,
                                                   const Identity& identity,
                                                   const Head& head) {
  std::error_code ignored;
  if (!fs::is_directory(path, ignored)) return std::vector<RevisionPtr>();
  const auto lock = lock_store(path);
  if (!lock) return std::vector<RevisionPtr>();
  return read_journal(path, identity, head);
}

}  // namespace engine::store
