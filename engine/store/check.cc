#include "store/check.hh"

#include "json/writer.hh"
#include "store/array_tree.hh"
#include "store/document.hh"
#include "store/entry.hh"
#include "store/env.hh"
#include "store/revision_log.hh"
#include "store/state.hh"

#include <fmt/format.h>

#include <unordered_set>

namespace engine::store {
namespace {

constexpr std::size_t kContainerKey = 8;

tl::unexpected<Error> damaged(std::string what) {
  return fail(Error{.code = Errc::corrupt,
                    .message = std::move(what),
                    .hint = "restore a backup of the store; nothing was changed"});
}

Result<> check_log(const Txn& txn, const Head& head, CheckReport& report) {
  TRY(verify_log(txn, head.revision, 0));
  RevisionId last = 0;
  TRY_ASSIGN(const auto revisions, load_revisions(txn, head.oldest - 1));  // 0 wraps round to 0
  for (const RevisionPtr& revision : revisions) {
    if (report.revisions++ == 0 && revision->id != head.oldest) {
      return damaged(fmt::format(
          "the revision log begins at {}, the head says {}", revision->id, head.oldest));
    }
    last = revision->id;
  }
  report.oldest = head.oldest;
  report.head = last;
  return {};
}

/// Reads all entries, which proves their seals, and gathers the containers they belong to.
Result<std::unordered_set<ContainerId>> scan_nodes(const Txn& txn, CheckReport& report) {
  std::unordered_set<ContainerId> containers;
  Scan scan(txn, Table::nodes, {});
  while (true) {
    TRY_ASSIGN(const auto row, scan.next());
    if (!row) return containers;
    if (row->key.size() <= kContainerKey) return damaged("an entry of the document has no place");
    containers.insert(key_number(row->key));
    ++report.entries;
  }
}

/// Containers reached from `child`, itself included.
Result<> reach(const Txn& txn, const Child& child, std::unordered_set<ContainerId>& reached);

Result<> reach_members(const Txn& txn,
                       ContainerId object,
                       std::unordered_set<ContainerId>& reached) {
  MemberScan scan(txn, object);
  std::size_t count = 0;
  while (true) {
    TRY_ASSIGN(const auto member, scan.next());
    if (!member) break;
    ++count;
    TRY(reach(txn, member->child, reached));
  }
  TRY_ASSIGN(const std::size_t told, member_count(txn, object));
  if (told == count) return {};
  return damaged(fmt::format("an object has {} members, its header says {}", count, told));
}

Result<> reach_elements(const Txn& txn,
                        ContainerId array,
                        std::unordered_set<ContainerId>& reached) {
  TRY_ASSIGN(const ArrayTree tree, ArrayTree::open(txn, array));
  std::size_t count = 0;
  TRY(tree.each([&](std::uint64_t number) -> Result<> {
    ++count;
    TRY_ASSIGN(const auto payload, load(txn, Table::nodes, element_address(array, number).key));
    if (!payload) return damaged("an element of an array is missing");
    TRY_ASSIGN(const Child child, decode_child(*payload));
    return reach(txn, child, reached);
  }));
  if (tree.size() == count) return {};
  return damaged(fmt::format("an array has {} elements, its header says {}", count, tree.size()));
}

Result<> reach(const Txn& txn, const Child& child, std::unordered_set<ContainerId>& reached) {
  if (child.form == Form::text) return {};
  if (!reached.insert(child.container).second) {
    return damaged("a container stands in two places of the document");
  }
  if (child.form == Form::object) return reach_members(txn, child.container, reached);
  return reach_elements(txn, child.container, reached);
}

Result<> check_document(const Txn& txn, CheckReport& report) {
  TRY_ASSIGN(const auto containers, scan_nodes(txn, report));
  TRY_ASSIGN(const auto payload, load(txn, Table::nodes, document_address().key));
  if (!payload) return damaged("the document is missing");
  TRY_ASSIGN(const Child root, decode_child(*payload));
  std::unordered_set<ContainerId> reached{0};
  TRY(reach(txn, root, reached));
  for (const ContainerId container : containers) {
    if (!reached.contains(container)) return damaged("entries lie beside the document");
  }
  std::string text;
  json::Writer out(text);
  const Document document(txn);
  TRY_ASSIGN(const Document::Place place, document.root());
  TRY(document.write(place, out));
  TRY(out.finish());
  report.document_bytes = text.size();
  return {};
}

Result<CheckReport> check_tables(Env& env) {
  TRY_ASSIGN(const ReadTxn txn, env.read());
  TRY(load_identity(txn.txn()));
  TRY_ASSIGN(const Head head, load_head(txn.txn()));
  CheckReport report;
  TRY(check_log(txn.txn(), head, report));
  TRY(check_document(txn.txn(), report));
  std::error_code ignored;
  report.file_bytes = std::filesystem::file_size(env.file(), ignored);
  return report;
}

}  // namespace

Result<CheckReport> check(const std::filesystem::path& directory) {
  TRY_ASSIGN(const auto env, Env::open(directory, {.read_only = true, .alone = false}));
  auto report = check_tables(*env);
  if (!report) return fail(std::move(report).error().context(env->file().native()));
  return report;
}

}  // namespace engine::store
