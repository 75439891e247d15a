#include "archive/header.hh"

#include "archive/fault.hh"
#include "archive/wire.hh"

#include <algorithm>

namespace engine::archive {
namespace {

constexpr std::uint64_t kSignaturePosition = 35;
constexpr unsigned kVersion = 2;
constexpr std::array<std::byte, 3> kMagic = {std::byte{0x3b}, std::byte{0x3b}, std::byte{kVersion}};

Error header_fault(Rule rule, std::uint64_t offset, std::string message, std::string hint) {
  return fault(
      Errc::parse_s9pk, {.rule = rule, .offset = offset}, std::move(message), std::move(hint));
}

template <std::size_t N>
void take(Cursor& cursor, std::array<std::byte, N>& into) {
  std::ranges::copy(*cursor.take(N), into.begin());
}

}  // namespace

Result<> check_magic(ByteView bytes, unsigned version) {
  if (bytes.empty()) {
    return fail(header_fault(
        Rule::header_length, 0, "the file is empty", "copy or download the package again"));
  }
  const ByteView known = bytes.first(std::min<std::size_t>(bytes.size(), 2));
  const auto wrong = std::ranges::mismatch(known, kMagic).in1;
  if (wrong != known.end()) {
    return fail(header_fault(Rule::magic,
                             static_cast<std::uint64_t>(wrong - known.begin()),
                             "not an s9pk package: it does not start with the bytes 3b 3b",
                             "check that this is the right file"));
  }
  if (bytes.size() < 3) return {};
  const auto found = std::to_integer<unsigned>(bytes[2]);
  if (found == version) return {};
  if (found == 1) {
    return fail(header_fault(Rule::version,
                             2,
                             "an s9pk package of the old version 1",
                             "moon-cli s9pk inspect shows it, and moon-cli s9pk convert makes a "
                             "package of version 2 from it"));
  }
  return fail(header_fault(Rule::version,
                           2,
                           "an s9pk package of the " +
                               std::string(found == kVersion ? "" : "unknown ") + "version " +
                               std::to_string(found),
                           found == kVersion ? "it needs no conversion"
                                             : "it needs a newer moonbox, or the file is damaged"));
}

std::array<std::byte, kHeaderSize> encode_header(const Header& header) {
  std::array<std::byte, kHeaderSize> out;
  auto at = std::ranges::copy(kMagic, out.begin()).out;
  at = std::ranges::copy(header.signer.bytes, at).out;
  at = std::ranges::copy(header.signature, at).out;
  at = std::ranges::copy(header.root.message(), at).out;
  at = std::ranges::copy(encode_u64(header.table_position), at).out;
  std::ranges::copy(encode_u64(header.table_size), at);
  return out;
}

Result<Header> decode_header(ByteView bytes) {
  TRY(check_magic(bytes, kVersion));
  if (bytes.size() < kHeaderSize) {
    return fail(header_fault(Rule::header_length,
                             bytes.size(),
                             "the file is cut off: " + std::to_string(bytes.size()) +
                                 " bytes, where the header alone takes " +
                                 std::to_string(kHeaderSize),
                             "copy or download the package again"));
  }
  Cursor cursor(bytes.subspan(kMagic.size(), kHeaderSize - kMagic.size()));
  Header header;
  take(cursor, header.signer.bytes);
  take(cursor, header.signature);
  take(cursor, header.root.root_sighash);
  header.root.root_maxsize = *cursor.u64();
  header.table_position = *cursor.u64();
  header.table_size = *cursor.u64();
  return header;
}

Result<> verify_header(const Header& header) {
  auto verdict =
      crypto::verify(header.signer, kSignatureContext, header.root.message(), header.signature);
  if (verdict) return {};
  return fail(fault(Errc::invalid_signature,
                    {.rule = Rule::signature, .offset = kSignaturePosition},
                    "the package's signature is not valid: " + verdict.error().message,
                    "the package was changed after it was signed: get it again from its author"));
}

}  // namespace engine::archive
