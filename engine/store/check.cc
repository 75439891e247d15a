#include "store/check.hh"

#include "base/bytes.hh"
#include "json/writer.hh"
#include "store/array_tree.hh"
#include "store/document.hh"
#include "store/entry.hh"
#include "store/env.hh"
#include "store/journal.hh"
#include "store/revision_log.hh"
#include "store/state.hh"

#include <fmt/format.h>

#include <unordered_set>

namespace engine::store {
namespace {

constexpr std::size_t kContainerKey = 8;

tl::unexpected<Error> damaged(std::string what) {
  return fail(Errc::corrupt, std::move(what));
}

/// Reads on past damage where it can, and writes down where it was.
class Checker {
 public:
  Checker(const Txn& txn, const CheckProgress& progress) : txn_(txn), progress_(progress) {}

  CheckReport run() {
    enter("identity");
    note(load_identity(txn_));
    enter("head");
    const auto head = load_head(txn_);
    note(head);
    if (head) check_log(*head);
    check_document();
    return std::move(report_);
  }

 private:
  void enter(std::string where) {
    where_ = std::move(where);
    if (progress_) progress_(where_);
  }
  template <typename T>
  bool note(const Result<T>& result) {
    if (!result) found(where_, result.error().message);
    return result.has_value();
  }
  void found(std::string where, std::string what) {
    if (report_.findings.size() < kMaxFindings) {
      report_.findings.push_back({std::move(where), std::move(what)});
    }
  }

  void check_log(const Head& head);
  void check_document();
  void scan_entries();
  /// Reads what is reached from `child` at `at`.
  void walk(const Child& child, const json::Pointer& at);
  Result<> walk_members(ContainerId object, const json::Pointer& at);
  Result<> walk_elements(ContainerId array, const json::Pointer& at);

  Txn txn_;
  const CheckProgress& progress_;
  CheckReport report_;
  std::string where_;
  std::unordered_set<ContainerId> containers_;  ///< that entries belong to
  std::unordered_set<ContainerId> reached_;     ///< from the root of the document
};

void Checker::check_log(const Head& head) {
  enter("log");
  report_.oldest = head.oldest;
  std::optional<RevisionId> last;
  const bool read = note(each_entry(txn_, [&](RevisionId id, const Result<RevisionPtr>& entry) {
    if (!entry) found(fmt::format("log revision {}", id), entry.error().message);
    if (!last && id != head.oldest) {
      found("log", fmt::format("it begins at {}, the head says {}", id, head.oldest));
    }
    last = id;
    ++report_.revisions;
  }));
  report_.head = last.value_or(0);
  if (read && last != head.revision) {
    found("log",
          last ? fmt::format("it ends at {}, the head says {}", *last, head.revision)
               : "it is empty");
  }
}

/// Reads all entries, which proves their seals, and gathers the containers they belong to.
void Checker::scan_entries() {
  enter("document");
  Scan scan(txn_, Table::nodes, {});
  while (true) {
    const auto row = scan.next();
    if (!row && row.error().code != Errc::corrupt) return static_cast<void>(note(row));
    if (!row && scan.key().empty()) return found(where_, row.error().message);
    if (!row) continue;  // where it belongs is found by the walk
    if (!*row) return;
    ++report_.entries;
    if ((*row)->key.size() <= kContainerKey) {
      found("document entry " + to_hex(as_bytes((*row)->key)), "it belongs to no container");
    } else {
      containers_.insert(key_number((*row)->key));
    }
  }
}

void Checker::check_document() {
  scan_entries();
  const std::size_t before = report_.findings.size();
  const auto payload = load(txn_, Table::nodes, document_address().key);
  if (!note(payload)) return;
  if (!*payload) return found("document", "it is missing");
  const auto root = decode_child(**payload);
  if (!note(root)) return;
  reached_.insert(0);
  walk(*root, json::Pointer());
  // Below a damaged container nothing is reached.
  if (report_.findings.size() > before) return;
  for (const ContainerId container : containers_) {
    if (reached_.contains(container)) continue;
    found(fmt::format("document container {}", container), "its entries lie beside the document");
  }
  enter("document");
  std::string text;
  json::Writer out(text);
  const Document document(txn_);
  const auto place = document.root();
  if (note(place) && note(document.write(*place, out)) && note(out.finish())) {
    report_.document_bytes = text.size();
  }
}

void Checker::walk(const Child& child, const json::Pointer& at) {
  if (child.form == Form::text) return;
  std::string here = "document " + json::quote(at.text());
  if (!reached_.insert(child.container).second) {
    return found(std::move(here), "its entries belong to another place, too");
  }
  const auto done = child.form == Form::object ? walk_members(child.container, at)
                                               : walk_elements(child.container, at);
  if (!done) found(std::move(here), done.error().message);
}

Result<> Checker::walk_members(ContainerId object, const json::Pointer& at) {
  Scan scan(txn_, Table::nodes, slot_key(object, Slot::child));
  std::size_t count = 0;
  while (true) {
    auto row = scan.next();
    if (!row && scan.key().empty()) return fail(std::move(row).error());
    if (row && !*row) break;
    ++count;
    const auto child = row ? decode_child((*row)->payload) : Result<Child>(fail(row.error()));
    const bool has_long_name = child && !child->long_name.empty();
    const std::string_view name =
        has_long_name ? child->long_name : scan.key().substr(kContainerKey + 1);
    const json::Pointer place = at.child(name);
    if (child) {
      walk(*child, place);
    } else {
      found("document " + json::quote(place.text()), child.error().message);
    }
  }
  TRY_ASSIGN(const std::size_t told, member_count(txn_, object));
  if (told == count) return {};
  return damaged(fmt::format("it has {} members, its header says {}", count, told));
}

Result<> Checker::walk_elements(ContainerId array, const json::Pointer& at) {
  TRY_ASSIGN(const ArrayTree tree, ArrayTree::open(txn_, array));
  std::size_t count = 0;
  TRY(tree.each([&](std::uint64_t number) -> Result<> {
    const json::Pointer place = at.child(count++);
    const auto payload = load(txn_, Table::nodes, element_address(array, number).key);
    auto child = !payload   ? Result<Child>(fail(payload.error()))
                 : *payload ? decode_child(**payload)
                            : Result<Child>(damaged("it is missing"));
    if (child) {
      walk(*child, place);
    } else {
      found("document " + json::quote(place.text()), child.error().message);
    }
    return {};
  }));
  if (tree.size() == count) return {};
  return damaged(fmt::format("it has {} elements, its header says {}", count, tree.size()));
}

void check_journal(const std::filesystem::path& path, const Txn& txn, CheckReport& report) {
  const auto identity = load_identity(txn);
  const auto head = load_head(txn);
  if (!identity || !head) return;  // found already
  const auto unfiled = read_idle_journal(path, *identity, *head);
  if (unfiled) {
    report.in_journal = unfiled->size();
  } else {
    report.findings.push_back({"journal", unfiled.error().message});
  }
}

}  // namespace

json::Array to_json(const std::vector<Finding>& findings) {
  json::Array array;
  for (const Finding& each : findings)
    array.push_back(json::Object{{"where", each.where}, {"what", each.what}});
  return array;
}

Result<CheckReport> check(const std::filesystem::path& path, const CheckProgress& progress) {
  if (progress) progress("file");
  TRY_ASSIGN(const auto env, Env::open(path, {.read_only = true, .alone = false}));
  TRY_ASSIGN(const ReadTxn txn, env->read());
  CheckReport report = Checker(txn.txn(), progress).run();
  check_journal(path, txn.txn(), report);
  std::error_code ignored;
  report.file_bytes = std::filesystem::file_size(env->file(), ignored);
  return report;
}

Result<> verdict(const CheckReport& report, const std::filesystem::path& path) {
  if (report.findings.empty()) return {};
  const Finding& first = report.findings.front();
  const std::size_t others = report.findings.size() - 1;
  const std::string more = others > 0 ? fmt::format(" (and {} more)", others) : "";
  return fail(
      Error{.code = Errc::corrupt,
            .message = fmt::format("{}: {}: {}{}", path.native(), first.where, first.what, more),
            .hint = "restore a backup: moon-cli db restore FILE; nothing was changed",
            .info = json::write(json::Object{{"findings", to_json(report.findings)}})});
}

}  // namespace engine::store
