#include "archive/writer.hh"

#include "archive/fault.hh"
#include "archive/header.hh"
#include "archive/sections.hh"
#include "base/file.hh"

#include <fcntl.h>
#include <unistd.h>

#include <vector>

namespace engine::archive {
namespace {

/// Writes one package. The plan's rows get their hashes as content and tables are done.
class PackageWriter {
 public:
  PackageWriter(Layout layout, ByteSink& sink) : layout_(std::move(layout)), sink_(sink) {
    collect(*layout_.root);
  }

  Result<Commitment> run(const Sealer& seal, const WriteOptions& options) {
    TRY(check());
    TRY(sink_.resize(layout_.size));
    TRY(run_sections(sections_,
                     {.threads = sequential_ ? 1 : options.threads,
                      .stop = options.stop,
                      .progress = sum_progress(content_size_, options.progress)}));
    Header header{.table_position = layout_.root->position, .table_size = layout_.root->table_size};
    header.root.root_maxsize = layout_.root->signed_size;
    TRY_ASSIGN(header.root.root_sighash, finish(*layout_.root));
    TRY_ASSIGN(const Seal sealed, seal(header.root));
    header.signer = sealed.signer;
    header.signature = sealed.signature;
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
      const TreeNode* node = directory.nodes[i];
      sequential_ = sequential_ || node->content->sequential();
      sections_.push_back(
          {.size = row.size, .run = [this, &row, node](const crypto::HashOptions& hashing) {
             return copy(*node, row, hashing);
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

  Result<> copy(const TreeNode& node, Entry& row, const crypto::HashOptions& hashing) {
    const crypto::PieceReader piece = [&](std::uint64_t offset,
                                          MutableBytes scratch) -> Result<ByteView> {
      TRY(node.content->read(offset, scratch));
      TRY(sink_.write(row.position + offset, scratch));
      return ByteView(scratch);
    };
    TRY_ASSIGN(row.hash, crypto::blake3_pieces(row.size, piece, hashing));
    if (!node.expected || *node.expected == row.hash) return {};
    return fail(Error{.code = Errc::validate_s9pk,
                      .message = show_path(row.name) + " does not match its hash",
                      .hint = "the package it comes from is damaged: get it again"});
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
  bool sequential_ = false;
};

}  // namespace

Sealer seal_with(const crypto::SigningKey& key) {
  return [key](const Commitment& written) -> Result<Seal> {
    return Seal{.signer = key.public_key(),
                .signature = key.sign(kSignatureContext, written.message())};
  };
}

Sealer keep_seal(const Archive& archive) {
  return [seal = Seal{.signer = archive.signer(), .signature = archive.signature()},
          own = archive.commitment()](const Commitment& written) -> Result<Seal> {
    if (written == own) return seal;
    return fail(Errc::pack, "the content has changed: the package must be signed again");
  };
}

Sealer no_seal() {
  return [](const Commitment&) -> Result<Seal> { return Seal{}; };
}

Result<> seal_file(const std::filesystem::path& path, const Seal& seal) {
  TRY_ASSIGN(const UniqueFd fd, open_file(path, O_RDWR | O_NOFOLLOW));
  TRY_ASSIGN(const auto source, FileSource::open(path));
  Bytes bytes(kHeaderSize);
  TRY(source->read(0, bytes));
  TRY_ASSIGN(Header header, decode_header(bytes));
  header.signer = seal.signer;
  header.signature = seal.signature;
  TRY(verify_header(header));
  FileSink sink(fd.get());
  TRY(sink.write(0, encode_header(header)));
  if (::fsync(fd.get()) != 0) return fail_errno("fsync " + path.string());
  return {};
}

Result<Commitment> write_archive(const Tree& tree,
                                 const Sealer& seal,
                                 ByteSink& sink,
                                 const WriteOptions& options) {
  return PackageWriter(plan_layout(tree, options.order), sink).run(seal, options);
}

Result<Commitment> write_archive_file(const Tree& tree,
                                      const Sealer& seal,
                                      const std::filesystem::path& path,
                                      const WriteOptions& options) {
  Commitment commitment;
  TRY(write_beside(path, 0644, [&](ByteSink& sink) -> Result<> {
    TRY_ASSIGN(commitment, write_archive(tree, seal, sink, options));
    return {};
  }));
  return commitment;
}

}  // namespace engine::archive
