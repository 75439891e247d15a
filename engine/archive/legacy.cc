#include "archive/legacy.hh"

#include "archive/cbor.hh"
#include "archive/commitment.hh"
#include "archive/fault.hh"
#include "archive/header.hh"
#include "archive/table.hh"
#include "archive/wire.hh"

#include <algorithm>
#include <array>

namespace engine::archive {
namespace {

// The header: magic and version, key, signature, length of the table. Then the table.
constexpr std::size_t kKeyAt = 3;
constexpr std::size_t kSignatureAt = 35;
constexpr std::size_t kLengthAt = 99;
constexpr std::size_t kTableAt = 103;

constexpr std::uint64_t kMaxTable = 64U << 10U;
constexpr std::uint64_t kMaxManifest = 1U << 20U;
constexpr std::size_t kPiece = 1U << 20U;

constexpr std::array<std::string_view, 6> kNeeded = {
    "manifest", "license", "instructions", "icon", "docker_images", "assets"};

tl::unexpected<Error> refuse(Errc code, const Place& place, std::string message) {
  return fail(fault(code,
                    place,
                    std::move(message),
                    "the package is damaged or forged: get it again from its author"));
}

struct LegacyHeader {
  crypto::PublicKey signer = {};
  crypto::Signature signature = {};
  std::vector<LegacySection> sections = {};
  std::uint64_t end = 0;  ///< of the table: what follows is signed
};

std::uint64_t decode_u32(ByteView bytes) {
  std::uint64_t value = 0;
  for (const std::byte byte : bytes.first(4))
    value = value << 8U | std::to_integer<std::uint64_t>(byte);
  return value;
}

/// Reads the rows of the table, which begins at `kTableAt`.
Result<std::vector<LegacySection>> parse_rows(ByteView bytes) {
  Cursor cursor(bytes);
  std::vector<LegacySection> rows;
  while (cursor.left() > 0) {
    const std::uint64_t at = kTableAt + bytes.size() - cursor.left();
    const auto length = cursor.take(1);
    const auto label = cursor.take(std::to_integer<std::uint64_t>(length->front()));
    const auto position = label ? cursor.u64() : std::nullopt;
    const auto size = position ? cursor.u64() : std::nullopt;
    if (!size) {
      return refuse(
          Errc::parse_s9pk, {.rule = Rule::entry_length, .offset = at}, "the table is cut off");
    }
    LegacySection row{.label = std::string(as_text(*label)), .position = *position, .size = *size};
    if (const auto problem = name_problem(row.label); !problem.empty()) {
      return refuse(Errc::parse_s9pk,
                    {.rule = Rule::name, .offset = at},
                    "the label of a section " + std::string(problem));
    }
    if (std::ranges::find(rows, row.label, &LegacySection::label) != rows.end()) {
      return refuse(Errc::parse_s9pk,
                    {.rule = Rule::duplicate_name, .path = row.label, .offset = at},
                    "the table has " + show_path(row.label) + " twice");
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

/// Sections must lie where the signature covers them, each for itself.
Result<> check_places(std::vector<LegacySection>& sections,
                      std::uint64_t begin,
                      std::uint64_t size) {
  std::ranges::stable_sort(sections, {}, &LegacySection::position);
  std::uint64_t free = begin;
  for (const LegacySection& section : sections) {
    if (section.size == 0) continue;
    const auto wrong = [&](Rule rule, const std::string& what) {
      return refuse(Errc::parse_s9pk,
                    {.rule = rule, .path = section.label, .offset = section.position},
                    show_path(section.label) + " " + what);
    };
    if (!lies_inside(section.position, section.size, size)) {
      return wrong(Rule::file_range, "lies outside the file: the package is cut off");
    }
    if (section.position < begin) {
      return wrong(Rule::file_range, "begins before what the signature covers");
    }
    if (section.position < free) return wrong(Rule::file_overlap, "overlaps another section");
    free = section.position + section.size;
  }
  return {};
}

Result<> check_needed(const std::vector<LegacySection>& sections) {
  for (const std::string_view label : kNeeded) {
    if (std::ranges::find(sections, label, &LegacySection::label) == sections.end()) {
      return refuse(Errc::validate_s9pk,
                    {.rule = Rule::required_file, .path = label},
                    "the package has no section " + show_path(label));
    }
  }
  return {};
}

Result<LegacyHeader> read_header(const ByteSource& source) {
  std::array<std::byte, kTableAt> bytes = {};
  const auto known = MutableBytes(bytes).first(
      static_cast<std::size_t>(std::min<std::uint64_t>(source.size(), kTableAt)));
  TRY(source.read(0, known));
  TRY(check_magic(known, 1));
  if (known.size() < kTableAt) {
    return refuse(Errc::parse_s9pk,
                  {.rule = Rule::header_length, .offset = known.size()},
                  "the file is cut off in its header");
  }
  LegacyHeader header;
  std::copy_n(bytes.begin() + kKeyAt, header.signer.bytes.size(), header.signer.bytes.begin());
  std::copy_n(bytes.begin() + kSignatureAt, header.signature.size(), header.signature.begin());
  const std::uint64_t length = decode_u32(ByteView(bytes).subspan(kLengthAt));
  if (length > kMaxTable) {
    return refuse(Errc::parse_s9pk,
                  {.rule = Rule::table_limit, .offset = kLengthAt},
                  "the table has " + std::to_string(length) + " bytes, more than 64 KiB");
  }
  header.end = kTableAt + length;
  if (header.end > source.size()) {
    return refuse(Errc::parse_s9pk,
                  {.rule = Rule::table_range, .offset = source.size()},
                  "the file is cut off in its table");
  }
  Bytes table(static_cast<std::size_t>(length));
  TRY(source.read(kTableAt, table));
  TRY_ASSIGN(header.sections, parse_rows(table));
  TRY(check_needed(header.sections));
  TRY(check_places(header.sections, header.end, source.size()));
  return header;
}

Result<> stopped(const std::stop_token& stop) {
  if (!stop.stop_requested()) return {};
  return fail(Errc::cancelled, "the work was cancelled");
}

/// Hashes sections while all bytes of the file pass by in their order.
class SectionHasher {
 public:
  explicit SectionHasher(std::vector<LegacySection>& sections) : sections_(sections) {}

  void update(std::uint64_t offset, ByteView piece) {
    const std::uint64_t end = offset + piece.size();
    while (at_ < sections_.size()) {
      const LegacySection& section = sections_[at_];
      const std::uint64_t first = std::max(offset, section.position);
      const std::uint64_t last = std::min(end, section.position + section.size);
      if (section.size > 0 && first < last) {
        hash_.update(piece.subspan(static_cast<std::size_t>(first - offset),
                                   static_cast<std::size_t>(last - first)));
      }
      if (section.size > 0 && section.position + section.size > end) return;
      close();
    }
  }

  /// After the last piece.
  void finish() {
    while (at_ < sections_.size())
      close();
  }

 private:
  void close() {
    sections_[at_++].hash = hash_.digest();
    hash_ = {};
  }

  std::vector<LegacySection>& sections_;
  std::size_t at_ = 0;
  crypto::Blake3 hash_;
};

/// Reads all that is signed, and hashes the sections on the way.
Result<> verify_content(LegacyHeader& header,
                        const ByteSource& source,
                        const LegacyOptions& options) {
  crypto::Verifier verifier;
  SectionHasher sections(header.sections);
  Bytes buffer(static_cast<std::size_t>(std::min<std::uint64_t>(source.size(), kPiece)));
  for (std::uint64_t at = header.end; at < source.size();) {
    TRY(stopped(options.stop));
    const auto piece = MutableBytes(buffer).first(
        static_cast<std::size_t>(std::min<std::uint64_t>(source.size() - at, buffer.size())));
    TRY(source.read(at, piece));
    verifier.update(piece);
    sections.update(at, piece);
    at += piece.size();
    if (options.progress) options.progress(at, source.size());
  }
  sections.finish();
  const auto verdict = verifier.finish(header.signer, kSignatureContext, header.signature);
  if (verdict) return {};
  return refuse(Errc::invalid_signature,
                {.rule = Rule::signature, .offset = kSignatureAt},
                "the package's signature is not valid: " + verdict.error().message);
}

}  // namespace

Result<std::shared_ptr<const LegacyPackage>> LegacyPackage::open(
    std::shared_ptr<const ByteSource> source, const LegacyOptions& options) {
  TRY_ASSIGN(LegacyHeader header, read_header(*source));
  TRY(verify_content(header, *source, options));
  const std::shared_ptr<LegacyPackage> package(new LegacyPackage(std::move(source)));
  package->signer_ = header.signer;
  package->sections_ = std::move(header.sections);
  TRY(package->read_manifest());
  return package;
}

const LegacySection* LegacyPackage::find(std::string_view label) const {
  const auto found = std::ranges::find(sections_, label, &LegacySection::label);
  return found == sections_.end() ? nullptr : &*found;
}

Result<> LegacyPackage::read_manifest() {
  const LegacySection& section = *find("manifest");
  if (section.size > kMaxManifest) {
    return refuse(Errc::validate_s9pk,
                  {.rule = Rule::file_limit, .path = "manifest", .offset = section.position},
                  "the manifest has " + std::to_string(section.size) + " bytes, more than 1 MiB");
  }
  MemorySink content;
  TRY(copy("manifest", content));
  TRY_ASSIGN(manifest_, parse_cbor(content.bytes(), section.position));
  if (manifest_.is_object()) return {};
  return refuse(Errc::validate_s9pk,
                {.rule = Rule::manifest_cbor, .path = "manifest", .offset = section.position},
                "the manifest is no object");
}

Result<> LegacyPackage::copy(std::string_view label,
                             ByteSink& into,
                             const std::stop_token& stop) const {
  const LegacySection* section = find(label);
  if (section == nullptr) {
    return fail(Errc::not_found, "the package has no section " + show_path(label));
  }
  TRY(into.resize(section->size));
  crypto::Blake3 hash;
  Bytes buffer(static_cast<std::size_t>(std::min<std::uint64_t>(section->size, kPiece)));
  for (std::uint64_t done = 0; done < section->size;) {
    TRY(stopped(stop));
    const auto piece = MutableBytes(buffer).first(
        static_cast<std::size_t>(std::min<std::uint64_t>(section->size - done, buffer.size())));
    TRY(source_->read(section->position + done, piece));
    hash.update(piece);
    TRY(into.write(done, piece));
    done += piece.size();
  }
  if (hash.digest() == section->hash) return {};
  return refuse(Errc::validate_s9pk,
                {.rule = Rule::file_hash, .path = label, .offset = section->position},
                show_path(label) + " has changed since its signature was checked");
}

}  // namespace engine::archive
