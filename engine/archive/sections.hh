#pragma once

#include "base/result.hh"
#include "crypto/blake3.hh"

#include <cstdint>
#include <functional>
#include <vector>

namespace engine::archive {

/// One file to hash: how large it is and what to call.
struct Section {
  std::uint64_t size = 0;
  std::function<Result<>(const crypto::HashOptions&)> run;
};

/// Runs all sections: on one thread in their order; on several (`options.threads`) the large ones
/// one after the other with all threads each, then the small ones side by side. ERRORS: those of
/// the sections; Errc::cancelled.
Result<> run_sections(const std::vector<Section>& sections, const crypto::HashOptions& options);

/// Turns amounts hashed on any thread into calls (done so far, total), in order.
std::function<void(std::uint64_t)> sum_progress(
    std::uint64_t total, std::function<void(std::uint64_t done, std::uint64_t total)> progress);

}  // namespace engine::archive
