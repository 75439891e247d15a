#pragma once

#include "base/result.hh"
#include "base/unique_fd.hh"
#include "ns/beneath.hh"

#include <filesystem>

namespace engine::ns {

/// The layers of an overlay. `upper` and `work` lie on one filesystem that is not idmapped: an
/// idmapped upper makes the kernel fall back to read-only without a word.
struct OverlayLayers {
  std::filesystem::path lower;
  std::filesystem::path upper;  ///< made if missing, given to `owner`
  std::filesystem::path work;   ///< made if missing
  Owner owner;                  ///< host ids of the container's root
};

/// A detached overlay. The lower mount may be unmounted afterwards: the overlay keeps its own
/// reference. The layers' paths do not show in the container's mount table.
/// ERRORS: Errc::read_only if the kernel would only mount it read-only.
Result<UniqueFd> make_overlay(const OverlayLayers& layers);

}  // namespace engine::ns
