#pragma once

#include "base/result.hh"
#include "json/value.hh"

#include <filesystem>

namespace engine::launcher {

/// Reads the whole store in a process of its own, since a damaged page may kill the reader. The
/// store may be in use meanwhile. Gives {oldest, head, revisions, entries, documentBytes,
/// fileBytes}. Blocks: not for loops.
/// ERRORS: what store::check says; Errc::corrupt also when the child died; Errc::timeout.
Result<json::Value> check_store(const std::filesystem::path& directory);

/// The child, for the applet table: `argv[1]` is the directory; the answer is one line of JSON,
/// {"ok":{…}} or {"error":{kind,message,hint}}.
int store_check_applet(int argc, char** argv);

}  // namespace engine::launcher
