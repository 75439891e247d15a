#pragma once

#include <cstdint>
#include <string_view>

namespace engine::store {

/// CRC-32C (Castagnoli) of `data`, continued from `seed` (the checksum of what came before).
std::uint32_t crc32c(std::string_view data, std::uint32_t seed = 0);

}  // namespace engine::store
