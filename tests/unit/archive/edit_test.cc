#include "archive/edit.hh"

#include "archive/fault.hh"
#include "archive/level.hh"
#include "archive/manifest.hh"
#include "archive/package.hh"
#include "archive/writer.hh"

#include "support/temp_dir.hh"
#include "unit/archive/vectors.hh"
#include <catch2/catch.hpp>

#include <fstream>

using namespace engine;
using archive::Archive;
using archive::Tree;

namespace {

Result<Bytes> write(const Tree& tree, const archive::Sealer& seal) {
  archive::MemorySink sink;
  TRY(archive::write_archive(tree, seal, sink));
  return sink.take();
}

std::shared_ptr<const Archive> open(Bytes bytes) {
  return Archive::open(std::make_shared<archive::MemorySource>(std::move(bytes))).value();
}

archive::Sealer first_key() {
  return archive::seal_with(vectors::key("shared-1"));
}

}  // namespace

TEST_CASE("archive/edit: a package filtered for one architecture is the vector's", "[archive]") {
  const auto whole = vectors::open("valid/10-package-priority-order.s9pk");
  const auto manifest = archive::read_manifest(*whole).value();
  const auto keep = archive::needed_files(*whole, manifest, "x86_64").value();
  const Tree tree = archive::copy_tree(whole, keep).value();
  const Bytes written = write(tree, archive::keep_seal(*whole)).value();
  CHECK((as_text(written) == vectors::content("valid/11-package-filtered-x86_64.s9pk")));
}

TEST_CASE("archive/edit: leaving files out keeps hash and signature", "[archive]") {
  const auto whole = vectors::open("valid/10-package-priority-order.s9pk");
  const Tree tree = archive::copy_tree(whole, [](const std::string& path) {
                      return path != "assets.squashfs" && path != "images/x86_64/db.squashfs";
                    }).value();
  const Bytes written = write(tree, archive::keep_seal(*whole)).value();
  CHECK((as_text(written) == vectors::content("valid/12-package-one-file-missing.s9pk")));
}

TEST_CASE("archive/edit: a signature is not kept over other content", "[archive]") {
  const auto base = vectors::open("valid/21-base.s9pk");
  Tree tree = archive::copy_tree(base).value();
  CHECK(tree.remove("a/b/c.txt"));
  CHECK_FALSE(tree.remove("a/b/c.txt"));
  CHECK_FALSE(tree.remove("a/nothing/else"));
  REQUIRE(tree.add_text("a/b/c.txt", "changed"));
  CHECK(write(tree, archive::keep_seal(*base)).error().code == Errc::pack);
  const auto changed = open(write(tree, first_key()).value());
  CHECK(changed->read_file("a/b/c.txt").value() == "changed");
  CHECK(changed->read_file("z.txt").value() == base->read_file("z.txt").value());
}

TEST_CASE("archive/edit: directories that did not change keep their signed size", "[archive]") {
  const auto filtered = vectors::open("valid/11-package-filtered-x86_64.s9pk");
  Tree tree = archive::copy_tree(filtered).value();
  tree.remove("LICENSE.md");
  REQUIRE(tree.add_text("LICENSE.md", "other terms"));
  const auto changed = open(write(tree, first_key()).value());
  CHECK(changed->find("images").value().size == filtered->find("images").value().size);
  CHECK(changed->find("images").value().hash == filtered->find("images").value().hash);
  CHECK_FALSE(changed->commitment() == filtered->commitment());
}

TEST_CASE("archive/edit: damage is found while copying", "[archive]") {
  for (const char* file : {"invalid/c-file-first-bit.s9pk", "invalid/c-file-last-bit.s9pk"}) {
    const auto damaged = Archive::open(vectors::source(file)).value();
    const Tree tree = archive::copy_tree(damaged).value();
    CHECK(write(tree, first_key()).error().code == Errc::validate_s9pk);
  }
  const auto cut = Archive::open(vectors::source("invalid/c-trunc-file.s9pk")).value();
  CHECK(archive::copy_tree(cut).error().code == Errc::parse_s9pk);
}

TEST_CASE("archive/edit: an archive in an archive is read in place", "[archive]") {
  Tree tree;
  REQUIRE(tree.add_file("inner.s9pk", vectors::source("valid/21-base.s9pk")));
  REQUIRE(tree.add_directory("folder"));
  const auto outer = open(write(tree, first_key()).value());
  const auto inner = Archive::open(archive::EntrySource::open(outer, "inner.s9pk").value()).value();
  CHECK(archive::check(*inner, {.level = archive::Level::open}));
  CHECK(inner->read_file("z.txt").value().size() == 10);
  CHECK_FALSE(archive::EntrySource::open(outer, "folder"));
  CHECK_FALSE(archive::EntrySource::open(outer, "nothing"));
  Bytes past(2);
  CHECK_FALSE(inner->source().read(inner->source().size() - 1, past));
}

TEST_CASE("archive/edit: a signature made elsewhere is put in when it fits", "[archive]") {
  const test::TempDir directory;
  const auto path = directory.path() / "x.s9pk";
  Tree tree;
  REQUIRE(tree.add_text("manifest.json", "{}"));
  const auto commitment = archive::write_archive_file(tree, archive::no_seal(), path).value();
  const auto opens = [&] {
    return Archive::open(archive::FileSource::open(path).value()).has_value();
  };
  CHECK_FALSE(opens());
  const auto key = vectors::key("shared-2");
  archive::Seal seal{.signer = key.public_key(),
                     .signature = key.sign("s9pk", commitment.message())};
  seal.signature[40] ^= std::byte{1};
  CHECK(archive::seal_file(path, seal).error().code == Errc::invalid_signature);
  CHECK_FALSE(opens());
  seal.signature[40] ^= std::byte{1};
  REQUIRE(archive::seal_file(path, seal));
  CHECK(opens());
}
