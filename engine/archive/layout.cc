#include "archive/layout.hh"

#include "archive/header.hh"
#include "archive/wire.hh"

#include <algorithm>
#include <array>
#include <deque>
#include <utility>

namespace engine::archive {
namespace {

unsigned name_priority(std::string_view name) {
  static constexpr std::array<std::string_view, 8> kFirst = {"manifest.json",
                                                             "",  // the icon
                                                             "LICENSE.md",
                                                             "instructions.md",
                                                             "dependencies",
                                                             "javascript.squashfs",
                                                             "assets.squashfs",
                                                             "images"};
  const auto stem = name.substr(0, name.rfind('.'));
  if (stem == "icon") return 1;
  if (name == "lua.squashfs") return name_priority("javascript.squashfs");
  return static_cast<unsigned>(std::ranges::find(kFirst, name) - kFirst.begin());
}

/// Directories, then files, then missing entries; within those by priority, if asked for.
std::vector<const Entry*> stored_order(const std::vector<Entry>& rows, Order order) {
  std::vector<const Entry*> out;
  out.reserve(rows.size());
  for (const Entry& row : rows)
    out.push_back(&row);
  const auto rank = [order](const Entry* row) {
    const auto kind = 2U - static_cast<unsigned>(row->type);
    const bool ranked = order == Order::priority && row->type != EntryType::missing;
    return std::pair(kind, ranked ? name_priority(row->name) : 0U);
  };
  std::ranges::stable_sort(out, {}, rank);
  return out;
}

/// Rows, stored order and table sizes of `node` and all below it.
std::unique_ptr<PlannedDirectory> plan_tables(const TreeNode& node, Order order) {
  auto out = std::make_unique<PlannedDirectory>();
  out->table_size = varint_length(node.children.size());
  for (const auto& [name, child] : node.children) {
    Entry row{.name = name, .type = child->type, .hash = child->hash, .size = child->size};
    std::unique_ptr<PlannedDirectory> inner;
    if (child->type == EntryType::file) row.size = child->content->size();
    if (child->type == EntryType::directory) {
      inner = plan_tables(*child, Order::name);
      row.size = inner->signed_size;
      row.table_size = inner->table_size;
    }
    out->table_size += row_length(row);
    out->rows.push_back(std::move(row));
    out->nodes.push_back(child.get());
    out->children.push_back(std::move(inner));
  }
  out->signed_size = node.signed_size.value_or(out->table_size);
  out->stored = stored_order(out->rows, order);
  return out;
}

}  // namespace

Layout plan_layout(const Tree& tree, Order order) {
  Layout layout{.root = plan_tables(tree.root(), order)};
  layout.root->position = kHeaderSize;
  std::uint64_t cursor = kHeaderSize + layout.root->table_size;
  std::deque<PlannedDirectory*> queue = {layout.root.get()};
  while (!queue.empty()) {
    PlannedDirectory& directory = *queue.front();
    queue.pop_front();
    for (const Entry* stored : directory.stored) {
      const auto index = static_cast<std::size_t>(stored - directory.rows.data());
      Entry& row = directory.rows[index];
      if (row.type == EntryType::missing) continue;
      row.position = cursor;
      cursor += row.type == EntryType::file ? row.size : row.table_size;
      if (row.type != EntryType::directory) continue;
      directory.children[index]->position = row.position;
      queue.push_back(directory.children[index].get());
    }
  }
  layout.size = cursor;
  return layout;
}

}  // namespace engine::archive
