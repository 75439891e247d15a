#include "archive/tree.hh"

#include "archive/fault.hh"

namespace engine::archive {
namespace {

Error pack_error(std::string_view path, std::string_view why) {
  return Error{.code = Errc::pack,
               .message = "cannot pack " + show_path(path) + ": " + std::string(why)};
}

}  // namespace

Tree::Tree() : root_(std::make_unique<TreeNode>()) {}

/// The node for `path`, new or an existing directory, with all directories above it.
Result<TreeNode*> Tree::place(std::string_view path) {
  TreeNode* at = root_.get();
  std::string_view rest = path;
  for (unsigned depth = 0;; ++depth) {
    const auto slash = rest.find('/');
    const std::string_view name = rest.substr(0, slash);
    if (const auto problem = name_problem(name); !problem.empty()) {
      return fail(pack_error(path, "a name in it " + std::string(problem)));
    }
    if (name.size() > kMaxName) return fail(pack_error(path, "a name in it is too long"));
    if (depth > kMaxDepth) return fail(pack_error(path, "it is nested too deeply"));
    if (at->type != EntryType::directory) {
      return fail(pack_error(path, "a part of it is a file already"));
    }
    auto& child = at->children[std::string(name)];
    const bool last = slash == std::string_view::npos;
    if (last && child && child->type != EntryType::directory) {
      return fail(pack_error(path, "the name is taken"));
    }
    if (!child) child = std::make_unique<TreeNode>();
    at = child.get();
    if (last) return at;
    rest = rest.substr(slash + 1);
  }
}

Result<> Tree::add_file(std::string_view path,
                        std::shared_ptr<const ByteSource> content,
                        std::optional<Digest> expected) {
  TRY_ASSIGN(TreeNode * node, place(path));
  if (!node->children.empty()) return fail(pack_error(path, "it is a directory already"));
  node->type = EntryType::file;
  node->content = std::move(content);
  node->expected = expected;
  return {};
}

bool Tree::remove(std::string_view path) {
  TreeNode* at = root_.get();
  std::string_view rest = path;
  while (true) {
    at->signed_size.reset();
    const auto slash = rest.find('/');
    const auto child = at->children.find(rest.substr(0, slash));
    if (child == at->children.end()) return false;
    if (slash == std::string_view::npos) {
      at->children.erase(child);
      return true;
    }
    at = child->second.get();
    rest = rest.substr(slash + 1);
  }
}

Result<> Tree::add_text(std::string_view path, std::string_view content) {
  return add_file(path, std::make_shared<MemorySource>(content));
}

Result<> Tree::add_directory(std::string_view path, std::optional<std::uint64_t> signed_size) {
  TRY_ASSIGN(TreeNode * node, place(path));
  node->signed_size = signed_size;
  return {};
}

Result<> Tree::add_missing(std::string_view path, const Digest& hash, std::uint64_t size) {
  TRY_ASSIGN(TreeNode * node, place(path));
  if (!node->children.empty()) return fail(pack_error(path, "it is a directory already"));
  node->type = EntryType::missing;
  node->hash = hash;
  node->size = size;
  return {};
}

}  // namespace engine::archive
