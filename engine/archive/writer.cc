#include "archive/writer.hh"

#include "archive/header.hh"
#include "archive/sections.hh"

#include <vector>

namespace engine::archive {
namespace {

/// Writes one package. The plan's rows get their hashes as content and tables are done.
class PackageWriter {
 public:
  PackageWriter(Layout layout, ByteSink& sink) : layout_(std::move(layout)), sink_(sink) {
    collect(*layout_.root);
  }

  Result<Commitment> run(const crypto::SigningKey& key, const WriteOptions& options) {
    TRY(check());
    TRY(sink_.resize(layout_.size));
    TRY(run_sections(sections_,
                     {.threads = options.threads,
                      .stop = options.stop,
                      .progress = sum_progress(content_size_, options.progress)}));
    Header header{.signer = key.public_key(),
                  .table_position = layout_.root->position,
                  .table_size = layout_.root->table_size};
    header.root.root_maxsize = layout_.root->signed_size;
    TRY_ASSIGN(header.root.root_sighash, finish(*layout_.root));
    header.signature = key.sign(kSignatureContext, header.root.message());
    TRY(sink_.write(0, encode_header(header)));
    return header.root;
  }

 private:
  void collect(PlannedDirectory& directory) {
    entries_ += directory.rows.size();
    for (std::size_t i = 0; i < directory.rows.size(); ++i) {
      Entry& row = directory.rows[i];
      if (directory.children[i]) collect(*directory.children[i]);
      if (row.type != EntryType::file) continue;
      content_size_ += row.size;
      sections_.push_back({.size = row.size,
                           .run = [this, &row, content = directory.nodes[i]->content.get()](
                                      const crypto::HashOptions& hashing) {
                             return copy(*content, row, hashing);
                           }});
    }
  }

  [[nodiscard]] Result<> check() const {
    if (entries_ > kMaxEntries) {
      return fail(Errc::pack, "a package holds at most 1048576 files and directories");
    }
    if (layout_.root->signed_size > kMaxRootWithoutCommitment) {
      return fail(Error{.code = Errc::pack,
                        .message = "the root directory's table would be larger than 1 MiB",
                        .hint = "put files into subdirectories"});
    }
    return {};
  }

  Result<> copy(const ByteSource& content, Entry& row, const crypto::HashOptions& hashing) {
    const crypto::PieceReader piece = [&](std::uint64_t offset,
                                          MutableBytes scratch) -> Result<ByteView> {
      TRY(content.read(offset, scratch));
      TRY(sink_.write(row.position + offset, scratch));
      return ByteView(scratch);
    };
    TRY_ASSIGN(row.hash, crypto::blake3_pieces(row.size, piece, hashing));
    return {};
  }

  /// Writes the tables of `directory` and all below it, deepest first; gives its hash.
  Result<Digest> finish(PlannedDirectory& directory) {
    for (std::size_t i = 0; i < directory.rows.size(); ++i) {
      if (!directory.children[i]) continue;
      TRY_ASSIGN(directory.rows[i].hash, finish(*directory.children[i]));
    }
    TRY(sink_.write(directory.position, encode_table(directory.stored)));
    return sighash(directory.rows);
  }

  Layout layout_;
  ByteSink& sink_;
  std::vector<Section> sections_;
  std::uint64_t content_size_ = 0;
  std::uint64_t entries_ = 0;
};

}  // namespace

Result<Commitment> write_archive(const Tree& tree,
                                 const crypto::SigningKey& key,
                                 ByteSink& sink,
                                 const WriteOptions& options) {
  return PackageWriter(plan_layout(tree, options.order), sink).run(key, options);
}

Result<Commitment> write_archive_file(const Tree& tree,
                                      const crypto::SigningKey& key,
                                      const std::filesystem::path& path,
                                      const WriteOptions& options) {
  Commitment commitment;
  TRY(write_beside(path, 0644, [&](ByteSink& sink) -> Result<> {
    TRY_ASSIGN(commitment, write_archive(tree, key, sink, options));
    return {};
  }));
  return commitment;
}

}  // namespace engine::archive
