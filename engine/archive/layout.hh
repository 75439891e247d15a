#pragma once

#include "archive/table.hh"
#include "archive/tree.hh"

#include <cstdint>
#include <memory>
#include <vector>

namespace engine::archive {

/// The order of the rows of the root table, and with it of the sections in the file.
enum class Order : std::uint8_t {
  priority,  ///< manifest, icon and texts before the large parts: what new packages use
  name,      ///< byte order: what the original pack command writes
};

/// A directory with everything but the hashes known.
struct PlannedDirectory {
  std::vector<Entry> rows = {};             ///< sorted by name; positions and sizes are final
  std::vector<const Entry*> stored = {};    ///< the rows in stored order
  std::vector<const TreeNode*> nodes = {};  ///< parallel to `rows`
  std::vector<std::unique_ptr<PlannedDirectory>> children = {};  ///< parallel to `rows`
  std::uint64_t position = 0;
  std::uint64_t table_size = 0;
  std::uint64_t signed_size = 0;
};

/// Where everything in a package goes. Positions depend on names and sizes only, so the content can
/// be written, and hashed on the way, before any table is.
struct Layout {
  std::unique_ptr<PlannedDirectory> root;
  std::uint64_t size = 0;  ///< of the whole file
};

/// Lays `tree` out breadth first from the end of the header on, without gaps.
Layout plan_layout(const Tree& tree, Order order);

}  // namespace engine::archive
