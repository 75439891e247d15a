#include "store/env.hh"

#include <lmdb.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string_view>

namespace engine::store {
namespace {

constexpr MDB_dbi kFreePages = 0;  // LMDB's own table of pages to be used again

/// One line of LMDB's list of readers, "pid thread transaction", the last `-` where none is open.
int count_reader(const char* line, void* context) {
  const std::string_view text(line);
  const auto end = text.find_last_not_of(" \n");
  const bool idle = end == std::string_view::npos || text[end] == '-';
  char* rest = nullptr;
  const long pid = std::strtol(line, &rest, 10);
  if (rest != line && !idle && pid != ::getpid()) ++*static_cast<std::uint64_t*>(context);
  return 0;
}

/// Each entry of the table is a list of pages with its length in front.
int count_free(MDB_txn* txn, std::uint64_t& pages) {
  MDB_cursor* cursor = nullptr;
  MDB_val key{};
  MDB_val value{};
  int code = mdb_cursor_open(txn, kFreePages, &cursor);
  while (code == 0) {
    code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
    std::size_t count = 0;
    if (code == 0 && value.mv_size >= sizeof count) {
      std::memcpy(&count, value.mv_data, sizeof count);
      pages += count;
    }
  }
  if (cursor != nullptr) mdb_cursor_close(cursor);
  return code == MDB_NOTFOUND ? 0 : code;
}

}  // namespace

Result<EnvStats> Env::stats() {
  TRY_ASSIGN(const ReadTxn read, this->read());
  const Txn& txn = read.txn();
  MDB_envinfo info{};
  MDB_stat nodes{};
  EnvStats stats;
  int code = mdb_env_info(env_, &info);
  if (code == 0) code = mdb_stat(txn.raw, txn.table(Table::nodes), &nodes);
  if (code == 0) code = count_free(txn.raw, stats.free_pages);
  if (code == 0) code = mdb_reader_list(env_, &count_reader, &stats.readers) < 0 ? EIO : 0;
  if (code != 0) return fail(error("counting pages", code));
  stats.page_bytes = nodes.ms_psize;
  stats.pages = info.me_last_pgno + 1;
  stats.depth = nodes.ms_depth;
  stats.entries = nodes.ms_entries;
  stats.map_bytes = info.me_mapsize;
  return stats;
}

}  // namespace engine::store
