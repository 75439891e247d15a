#pragma once

#include "base/bytes.hh"
#include "json/value.hh"

namespace engine::archive {

/// Parses CBOR (RFC 8949) that says no more than JSON can: what manifests of version 1 are
/// written in. `position` is the place of `bytes` in the file, for messages.
/// ERRORS: Errc::validate_s9pk, stage manifest: tags, byte strings, keys that are no text or come
/// twice, text that is not UTF-8, more than 64 levels, bytes after the end.
Result<json::Value> parse_cbor(ByteView bytes, std::uint64_t position);

}  // namespace engine::archive
