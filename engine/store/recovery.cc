#include "store/recovery.hh"

#include "base/log.hh"
#include "store/check.hh"
#include "store/document_writer.hh"
#include "store/journal.hh"
#include "store/revision_log.hh"

#include <string>

namespace engine::store {
namespace {

Result<> replay_once(Env& env, const std::vector<RevisionPtr>& revisions) {
  TRY_ASSIGN(WriteTxn txn, env.write());
  TRY_ASSIGN(Head head, load_head(txn.txn()));
  DocumentWriter writer(txn.txn(), head.next_container);
  for (const RevisionPtr& revision : revisions) {
    for (const json::Operation& operation : revision->patch)
      TRY(writer.apply(operation));
    if (revision->schema) TRY(save_schema(txn.txn(), *revision->schema));
    TRY(append_revision(txn.txn(), *revision, head));
  }
  TRY(save_head(txn.txn(), head));
  return txn.commit();
}

Result<std::vector<RevisionPtr>> unfiled(Env& env, const std::filesystem::path& directory) {
  TRY_ASSIGN(const ReadTxn txn, env.read());
  TRY_ASSIGN(const Identity identity, load_identity(txn.txn()));
  TRY_ASSIGN(const Head head, load_head(txn.txn()));
  return read_journal(directory, identity, head);
}

}  // namespace

Result<> replay(Env& env, const std::vector<RevisionPtr>& revisions) {
  if (revisions.empty()) return {};
  Result<> done = replay_once(env, revisions);
  while (!done && done.error().debug == kMapFull) {
    TRY(env.grow());
    done = replay_once(env, revisions);
  }
  if (done) {
    log::info("store",
              "changes came from the journal",
              {{"first", std::to_string(revisions.front()->id)},
               {"last", std::to_string(revisions.back()->id)}});
  }
  return done;
}

Result<> settle(const std::filesystem::path& directory) {
  std::error_code ignored;
  if (!std::filesystem::exists(Journal::path_in(directory), ignored)) return {};
  std::vector<RevisionPtr> revisions;
  {
    auto env = Env::open(directory, {.read_only = true});
    if (!env && env.error().code == Errc::busy) return {};
    if (!env) return fail(env.error());
    TRY_ASSIGN(revisions, unfiled(**env, directory));
    if (revisions.empty()) return {};
  }
  TRY_ASSIGN(const CheckReport report, check(directory));
  TRY(verdict(report, directory));
  TRY_ASSIGN(const auto env, Env::open(directory, {}));
  return replay(*env, revisions);
}

}  // namespace engine::store
