#include "archive/edit.hh"

#include "archive/fault.hh"

namespace engine::archive {
namespace {

/// Copies directory after directory into a tree.
class TreeCopy {
 public:
  TreeCopy(const std::shared_ptr<const Archive>& archive,
           const std::function<bool(const std::string&)>& keep)
      : archive_(archive), keep_(keep) {}

  Result<Tree> run() {
    // Measures the tree before it grows here, too.
    TRY(archive_->walk([](const std::string&, const Entry&) -> Result<> { return {}; }));
    tree_.root().signed_size = archive_->commitment().root_maxsize;
    TRY(directory(""));
    return std::move(tree_);
  }

 private:
  Result<> directory(const std::string& path) {
    TRY_ASSIGN(const std::vector<Entry> rows, archive_->list(path));
    for (const Entry& row : rows)
      TRY(entry(path.empty() ? row.name : path + "/" + row.name, row));
    return {};
  }

  Result<> entry(const std::string& path, const Entry& row) {
    TRY_ASSIGN(const bool stays, kept(path, row));
    if (!stays) return tree_.add_missing(path, row.hash, row.size);
    if (row.type == EntryType::directory) {
      TRY(tree_.add_directory(path, row.size));
      return directory(path);
    }
    TRY_ASSIGN(auto source, EntrySource::open(archive_, path));
    return tree_.add_file(path, std::move(source), row.hash);
  }

  Result<bool> kept(const std::string& path, const Entry& row) {
    if (row.type == EntryType::missing) return false;
    if (!keep_) return true;
    if (row.type == EntryType::file) return keep_(path);
    TRY_ASSIGN(const std::vector<Entry> rows, archive_->list(path));
    for (const Entry& inner : rows) {
      TRY_ASSIGN(const bool stays, kept(path + "/" + inner.name, inner));
      if (stays) return true;
    }
    return false;
  }

  const std::shared_ptr<const Archive>& archive_;
  const std::function<bool(const std::string&)>& keep_;
  Tree tree_;
};

}  // namespace

Result<std::shared_ptr<const EntrySource>> EntrySource::open(std::shared_ptr<const Archive> archive,
                                                             std::string_view path) {
  TRY_ASSIGN(const Entry entry, archive->find(path));
  if (entry.type != EntryType::file) {
    return fail(Error{.code = Errc::not_found,
                      .message = show_path(path) + " is not a file that is present",
                      .hint = "list the package to see what it holds"});
  }
  if (!lies_inside(entry.position, entry.size, archive->source().size())) {
    return fail(fault(Errc::parse_s9pk,
                      {Rule::file_range, path, archive->source().size()},
                      show_path(path) + " lies outside the file: the package is cut off",
                      "get the complete package"));
  }
  return std::make_shared<const EntrySource>(std::move(archive), entry.position, entry.size);
}

Result<> EntrySource::read(std::uint64_t offset, MutableBytes into) const {
  if (!lies_inside(offset, into.size(), size_)) {
    return fail(Errc::parse_s9pk,
                "the file ends before byte " + std::to_string(offset + into.size()));
  }
  return archive_->source().read(position_ + offset, into);
}

Result<Tree> copy_tree(const std::shared_ptr<const Archive>& archive,
                       const std::function<bool(const std::string& path)>& keep) {
  return TreeCopy(archive, keep).run();
}

}  // namespace engine::archive
