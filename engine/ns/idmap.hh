#pragma once

#include "base/result.hh"
#include "base/unique_fd.hh"

#include <compare>
#include <cstdint>
#include <map>
#include <mutex>

namespace engine::ns {

/// The host ids a container's ids 0 … count-1 stand for. Value type.
struct IdRange {
  std::uint32_t base = 100000;
  std::uint32_t count = 65536;
  auto operator<=>(const IdRange&) const = default;
};

/// Makes a user namespace that maps 0 … count-1 to `range`, for idmapped mounts. No process lives
/// in it; it exists as long as the descriptor or a mount made with it. About 0.5 ms; any thread.
/// ERRORS: Errc::permission_denied without real root, Errc::filesystem.
Result<UniqueFd> make_idmap_userns(IdRange range);

/// One user namespace per range, made when first asked for and kept. Resource type, thread-safe.
class UserNamespaces {
 public:
  /// The descriptor belongs to this object and lives as long as it.
  Result<int> get(IdRange range);

 private:
  std::mutex mutex_;
  std::map<IdRange, UniqueFd> made_;
};

}  // namespace engine::ns
