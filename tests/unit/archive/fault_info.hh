#pragma once

#include "base/result.hh"
#include "json/reader.hh"
#include "json/value.hh"

#include <cstdint>
#include <optional>
#include <string>

namespace engine::test {

/// The member "stage" or "rule" of what archive::fault put into the info of `error`; else empty.
inline std::string fault_info(const Error& error, const std::string& member) {
  const auto info = json::parse(error.info);
  return info ? info->string_or(member, "") : std::string();
}

/// The byte of the file that it names, if it does.
inline std::optional<std::uint64_t> fault_offset(const Error& error) {
  const auto info = json::parse(error.info);
  const json::Value* offset = info ? info->find("offset") : nullptr;
  if (offset == nullptr) return {};
  if (const auto* big = offset->unsigned_integer()) return *big;
  return static_cast<std::uint64_t>(*offset->integer());
}

}  // namespace engine::test
