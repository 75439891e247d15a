#pragma once

#include "base/result.hh"
#include "json/value.hh"

#include <filesystem>

namespace engine::instance {

/// What is done to whole stores, each in a process of its own: a damaged page may kill who reads
/// it. All block: not for loops. ERRORS: those of the functions of store/check.hh and
/// store/backup.hh; Errc::corrupt also when the child died, saying what it was reading;
/// Errc::timeout. Stores may be in use meanwhile where those functions allow it.

/// Reads the whole store or backup file. Gives {oldest, head, revisions, inJournal, entries,
/// documentBytes, fileBytes, findings: [{where, what}]}.
Result<json::Value> check_store(const std::filesystem::path& path);
/// The same; what is found is an Errc::corrupt.
Result<json::Value> prove_store(const std::filesystem::path& path);
/// Gives the report of `check_store` about the copy.
Result<json::Value> backup_store(const std::filesystem::path& directory,
                                 const std::filesystem::path& file,
                                 bool replace);
/// Gives {report, kept?}.
Result<json::Value> restore_store(const std::filesystem::path& file,
                                  const std::filesystem::path& directory);
/// Gives {before, after}, in bytes.
Result<json::Value> compact_store(const std::filesystem::path& directory);
/// Counts what is there without reading it. Gives {bytes, pageBytes, pages, freePages, depth,
/// entries, readers, mapBytes, id, format, head, oldest, inJournal, logBytes, schema?}.
Result<json::Value> measure_store(const std::filesystem::path& directory);

/// The child, for the applet table: `check PATH`, `backup DIRECTORY FILE [replace]`, `restore FILE
/// DIRECTORY`, `compact DIRECTORY`, `measure DIRECTORY`. The last line it prints is
/// {"ok":…} or {"error":{kind,message,hint,info?}}; those before, {"at":…}, what it begins to read.
int store_tool_applet(int argc, char** argv);

}  // namespace engine::instance
