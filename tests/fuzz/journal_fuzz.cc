#include "base/file.hh"
#include "json/reader.hh"
#include "json/writer.hh"
#include "store/checksum.hh"
#include "store/entry.hh"
#include "store/env.hh"
#include "store/journal.hh"
#include "store/store.hh"

#include "support/temp_dir.hh"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

using namespace engine;
using namespace engine::store;
namespace fs = std::filesystem;

namespace {

constexpr std::size_t kJournalBytes = 16384;
constexpr std::size_t kSector = 512;
constexpr std::size_t kFirstFrame = 4096;
constexpr std::size_t kFileHeader = 48;
constexpr std::size_t kFrameHeader = 28;

void must(bool good) {
  if (!good) std::abort();
}

void write(const fs::path& file, std::string_view bytes) {
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  must(static_cast<bool>(out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()))));
}

RevisionPtr change(RevisionId id, std::string_view path, const json::Value& value) {
  auto revision = std::make_shared<Revision>();
  revision->id = id;
  revision->patch = {{.op = json::Op::add, .path = *json::Pointer::parse(path), .value = value}};
  revision->text = json::write(revision->patch);
  return revision;
}

/// A store that a crash has left with its last changes in the journal alone.
class Crashed {
 public:
  Crashed() {
    {
      const auto store = *Store::open(directory(),
                                      {.initial = *json::parse(R"({"list":[1,2],"o":{"a":1}})"),
                                       .journal_bytes = kJournalBytes});
      must(store
               ->mutate(
                   [](Mutation& mutation) { return mutation.put(*json::Pointer::parse("/n"), 1); })
               .has_value());
      data = *read_file(directory() / "data.mdb");
    }
    write_store(data, "");
    {
      const auto env = *Env::open(directory(), {});
      const auto txn = *env->read();
      identity = *load_identity(txn.txn());
      head = *load_head(txn.txn());
    }
    must(head.journal == 1);
    seed = crc32c({reinterpret_cast<const char*>(&identity), 24});
    write_journal();
  }

  void write_store(std::string_view file, std::string_view log) const {
    fs::remove(directory() / "lock.mdb");
    write(directory() / "data.mdb", file);
    write(Journal::path_in(directory()), log);
  }
  [[nodiscard]] const fs::path& directory() const { return place_.path(); }

  std::string data;
  std::string journal;
  std::vector<RevisionPtr> revisions;  ///< of `journal`
  std::vector<std::size_t> frames;     ///< where each of its frames ends, in revisions
  Identity identity;
  Head head;
  std::uint32_t seed = 0;

 private:
  /// One change alone, two together, a large one, one with a schema.
  void write_journal() {
    const auto out = *Journal::create(directory(), identity, kJournalBytes);
    JournalFrame frame;
    const auto add = [&](std::string_view path, const json::Value& value, bool last = true) {
      auto revision = change(head.revision + 1 + revisions.size(), path, value);
      frame.add(*revision);
      revisions.push_back(std::move(revision));
      if (!last) return;
      must(out->append(frame).has_value());
      frame.clear();
      frames.push_back(revisions.size());
    };
    add("/n", 2);
    add("/list/0", "first", false);
    add("/o/b", json::Object{{"deep", json::Array{1, 2, 3}}});
    add("/large", std::string(1500, 'x'));
    add("/n", 3);
    journal = *read_file(Journal::path_in(directory()));
  }

  test::TempDir place_;
};

const Crashed& crashed() {
  static const auto made = std::make_unique<Crashed>();
  return *made;
}

class Script {
 public:
  Script(const std::uint8_t* data, std::size_t size)
      : bytes_(reinterpret_cast<const char*>(data), size) {}

  std::size_t number(std::size_t bytes) {
    std::size_t value = 0;
    for (const char each : take(bytes))
      value = value << 8U | static_cast<unsigned char>(each);
    return value;
  }
  std::string_view take(std::size_t bytes) {
    const auto taken = bytes_.substr(0, bytes);
    bytes_.remove_prefix(taken.size());
    return taken;
  }
  [[nodiscard]] bool empty() const { return bytes_.empty(); }
  [[nodiscard]] std::size_t size() const { return bytes_.size(); }

 private:
  std::string_view bytes_;
};

/// The good journal with bytes changed, gone or moved.
std::string damaged(Script script) {
  std::string bytes = crashed().journal;
  while (!script.empty()) {
    const std::size_t what = script.number(1) % 4;
    const std::size_t at = script.number(2) % bytes.size();
    const std::size_t size = std::min(script.number(1) * (what > 1 ? 64 : 1), bytes.size() - at);
    if (what == 0) {
      const auto put = script.take(size);
      bytes.replace(at, put.size(), put);
    } else if (what == 1) {
      std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), size, '\0');
    } else if (what == 2) {  // a sector that was written elsewhere
      const std::size_t from = at / kSector * kSector;
      const std::size_t to = script.number(1) * kSector % bytes.size();
      const std::string sector = bytes.substr(from, kSector);
      bytes.replace(to, std::min(sector.size(), bytes.size() - to), sector);
    } else if (script.number(1) == 0) {
      bytes.resize(at + 1);
    }
  }
  return bytes;
}

/// A journal whose header and checksums are right, of frames as the input says.
std::string forged(Script script) {
  std::string bytes = crashed().journal.substr(0, kFirstFrame);
  RevisionId next = crashed().head.revision + 1;
  while (!script.empty() && bytes.size() < kJournalBytes) {
    const std::size_t kind = script.number(1);
    const std::size_t count = kind < 240 ? kind % 4 : script.number(4);
    if (kind >= 252) next = script.number(8);
    std::string payload;
    for (std::size_t i = 0; i < count && !script.empty(); ++i) {
      const auto schema = script.number(1);
      const std::string_view revision = script.take(script.number(2));
      append_number(payload, revision.size(), 4);
      payload += revision;
      append_number(payload, schema, 4);
      payload.append(schema == 0 ? 0 : schema - 1, 's');
    }
    std::string frame = crashed().journal.substr(kFirstFrame, 8);
    append_number(frame, next);
    append_number(frame, count, 4);
    append_number(frame, payload.size(), 4);
    append_number(frame, crc32c(payload, crc32c(frame, crashed().seed)), 4);
    bytes += frame + payload;
    bytes.resize((bytes.size() + kSector - 1) / kSector * kSector);
    next += count;
  }
  bytes.resize(std::max(bytes.size(), kJournalBytes));
  return bytes;
}

/// Whether the frame at `at` of the good journal, `size` bytes, is as it was written.
bool intact(std::string_view bytes, std::size_t at, std::size_t size) {
  return bytes.size() >= at + size &&
         bytes.substr(at, size) == std::string_view(crashed().journal).substr(at, size);
}

/// Whether there is a frame that was not written, but has a right checksum.
bool has_foreign(std::string_view bytes) {
  for (std::size_t at = kFirstFrame; at + kFrameHeader <= bytes.size(); at += kSector) {
    const auto header = bytes.substr(at, kFrameHeader);
    const std::size_t size = number_at(header, 20, 4);
    if (size > bytes.size() - at - kFrameHeader || intact(bytes, at, kFrameHeader + size)) continue;
    const auto payload = bytes.substr(at + kFrameHeader, size);
    if (number_at(header, 24, 4) == crc32c(payload, crc32c(header.substr(0, 24), crashed().seed)))
      return true;
  }
  return false;
}

/// How many revisions of the damaged journal may be given; none: it must be refused.
std::optional<std::size_t> expected(std::string_view bytes) {
  const std::string_view good = crashed().journal;
  if (bytes.size() < good.size() || !intact(bytes, 0, kFileHeader)) return std::nullopt;
  std::size_t at = kFirstFrame;
  std::size_t whole = 0;
  bool torn = false;
  for (const std::size_t end : crashed().frames) {
    const std::size_t size = kFrameHeader + number_at(good, at + 20, 4);
    if (!intact(bytes, at, size)) {
      torn = true;
    } else if (torn) {
      return std::nullopt;
    } else {
      whole = end;
    }
    at += (size + kSector - 1) / kSector * kSector;
  }
  return whole;
}

void explains(const Error& error, const fs::path& file) {
  must(error.message.find(file.native()) != std::string::npos && !error.hint.empty());
}

/// Opening the store brings all of `found` into the file, or says what is wrong and changes
/// nothing.
void open_with(std::string_view bytes, const std::vector<RevisionPtr>& found) {
  const Crashed& place = crashed();
  place.write_store(place.data, bytes);
  auto opened = Store::open(place.directory(), {.journal_bytes = kJournalBytes});
  if (!opened) {
    must(!opened.error().message.empty());
    const auto env = *Env::open(place.directory(), {});
    const auto txn = *env->read();
    must(load_head(txn.txn())->revision == place.head.revision);
    must(*read_file(Journal::path_in(place.directory())) == bytes);
    return;
  }
  const RevisionId head = found.empty() ? place.head.revision : found.back()->id;
  must((*opened)->head() == head);
  const auto log = (*opened)->revisions_since(place.head.revision);
  must(log && log->size() == found.size());
  for (std::size_t i = 0; i < found.size(); ++i)
    must((*log)[i]->text == found[i]->text && (*log)[i]->id == found[i]->id);
}

}  // namespace

/// Whatever lies where the journal was: it is refused with the file's name and a cure, or what it
/// gives was written as it is, follows the file without a gap, and nothing behind it is lost.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const Crashed& place = crashed();
  const unsigned kind = data[0] % 3U;
  const Script script(data + 1, size - 1);
  const std::string bytes = kind == 0   ? std::string(Script(script).take(script.size()))
                            : kind == 1 ? damaged(script)
                                        : forged(script);
  const fs::path file = Journal::path_in(place.directory());
  write(file, bytes);
  const auto found = read_journal(place.directory(), place.identity, place.head);
  if (!found) {
    must(found.error().code == Errc::corrupt || found.error().code == Errc::newer_format);
    explains(found.error(), file);
    if (kind == 1 && !has_foreign(bytes)) must(!expected(bytes));
    return 0;
  }
  for (std::size_t i = 0; i < found->size(); ++i)
    must((*found)[i]->id == place.head.revision + 1 + i);
  if (kind == 1 && !has_foreign(bytes)) {
    must(expected(bytes) == found->size());
    for (std::size_t i = 0; i < found->size(); ++i)
      must((*found)[i]->text == place.revisions[i]->text);
  }
  open_with(bytes, *found);
  return 0;
}
