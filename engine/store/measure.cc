#include "store/measure.hh"

#include "base/bytes.hh"
#include "store/journal.hh"
#include "store/state.hh"

#include <sys/stat.h>

namespace engine::store {

Result<Measures> measure(const std::filesystem::path& path) {
  TRY_ASSIGN(const auto env, Env::open(path, {.read_only = true, .alone = false}));
  Measures measures;
  TRY_ASSIGN(measures.file, env->stats());
  TRY_ASSIGN(const ReadTxn txn, env->read());
  TRY_ASSIGN(const Identity identity, load_identity(txn.txn()));
  TRY_ASSIGN(const Head head, load_head(txn.txn()));
  measures.id = to_hex(identity.id);
  measures.format = identity.format;
  TRY_ASSIGN(const auto unfiled, read_idle_journal(path, identity, head));
  measures.in_journal = unfiled.size();
  measures.head = unfiled.empty() ? head.revision : unfiled.back()->id;
  measures.oldest = head.oldest;
  measures.log_bytes = head.log_bytes;
  TRY_ASSIGN(measures.schema, load_schema(txn.txn()));
  for (const RevisionPtr& revision : unfiled)
    measures.schema = revision->schema.value_or(measures.schema);
  struct ::stat file {};
  if (::stat(env->file().c_str(), &file) != 0) return fail_errno("stat " + env->file().native());
  constexpr std::uint64_t kBlock = 512;
  measures.bytes = static_cast<std::uint64_t>(file.st_blocks) * kBlock;
  return measures;
}

}  // namespace engine::store
