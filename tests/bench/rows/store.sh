# The store against its targets (docs/store.md names them): each figure beside raw LMDB, the time of a
# flush, the smallest document, or peers that are installed (Redis that flushes always, SQLite with
# write-ahead log and full sync), all of the same run and in the same folder.

# store_figures ROWS: samples of what store_bench prints.
store_figures() {
  local name ours base
  while read -r name ours base; do
    sample "store.$name" "$ours"
    [ "$base" = 0.000 ] || sample "base.$name" "$base"
  done < <(store_bench --dir "$work" --seconds "$(scaled 0.7)" --only "$1")
}

# Redis on a socket of its own, in the folder of the run.
redis_up() {
  redis-server --port 0 --unixsocket "$work/redis.sock" --dir "$work" --appendonly yes \
    --appendfsync always --save '' >"$work/redis.log" 2>&1 &
  redis_pid=$!
  at_end "kill $redis_pid 2>/dev/null"
  until_true 5 test -S "$work/redis.sock"
}

# redis_rate KEY CONNECTIONS REQUESTS
redis_rate() {
  sample "$1" "$(redis-benchmark -s "$work/redis.sock" -c "$2" -n "$3" -r 1000 -d 120 -t set --csv |
    sed -n 's/^"SET","\([0-9.]*\)".*/\1/p')"
}

peer_figures() {
  if command -v redis-server >/dev/null && command -v redis-benchmark >/dev/null; then
    [ -n "${redis_pid-}" ] || redis_up || return 0
    redis_rate redis.single 1 2000
    redis_rate redis.many 64 30000
  fi
  if command -v sqlite_bench >/dev/null; then
    rm -f "$work"/sqlite.db*
    sample sqlite.rate "$(sqlite_bench "$work" "$(scaled 0.7)")"
  fi
}

# beside WHAT KEY PEER_KEY NAME: the line, unless the peer is not here.
beside() { [ -z "$(median "$3")" ] || line "$@"; }

row_store() {
  local round
  for ((round = 0; round < rounds; round++)); do
    store_figures flush,single,many
    peer_figures
  done
  [ -n "$(median redis.many)" ] || note 'redis-server is not installed: no figures beside it'
  [ -n "$(median sqlite.rate)" ] || note 'libsqlite3-dev was not there when this was built: no figures beside it'
  line 'a flush: append of 128 bytes + fdatasync: µs' store.flush_us
  line '1 writer: changes/s' store.single_rate base.single_rate 'raw LMDB, a commit each'
  line '64 writers: changes/s (≥ 0.9)' store.many_rate base.many_rate 'raw LMDB, 64 in a commit'
  line '64 writers: changes/s (≥ 20)' store.many_rate store.single_rate 'our 1 writer'
  beside '64 writers: changes/s (≥ 3)' store.many_rate redis.many 'Redis, appendfsync always, 64'
  beside '64 writers: changes/s (≥ 3)' store.many_rate sqlite.rate 'SQLite, WAL, full sync, in turns'
  beside '1 writer: changes/s' store.single_rate redis.single 'Redis, appendfsync always, 1'
  beside '1 writer: changes/s' store.single_rate sqlite.rate 'SQLite, WAL, full sync'
  line '64 writers: answer p99 µs (≤ 2 flushes + 5 ms)' store.many_p99_us base.many_p99_us 'raw LMDB, p50 of 64 in a commit'
  line '64 writers: changes per flush' store.many_per_flush base.many_per_flush 'the most there can be'
  line '64 writers that are threads: changes/s' store.threads_rate base.threads_rate 'raw LMDB, 64 in a commit'
  store_figures ticks,sizes,reading,opening,memory,diffing,following
  local size name
  for size in 1m:'1 MiB' 16m:'16 MiB' 64m:'64 MiB' wide:'100 000 members' long:'100 000 elements'; do
    name=${size#*:} size=${size%%:*}
    line "change a leaf, $name: CPU µs (≤ 50, ≤ 1.5)" "store.change_us.$size" \
      "base.change_us.$size" '64 KiB document'
  done
  for size in 64m:'64 MiB' wide:'100 000 members' long:'100 000 elements'; do
    name=${size#*:} size=${size%%:*}
    line "pages of a commit, $name (≤ 16)" "store.pages.$size" "base.pages.$size" '64 KiB document'
  done
  line 'read a leaf, 64 MiB: µs (≤ 2)' store.read_us base.read_us '64 KiB document'
  line 'snapshot: µs (≤ 1)' store.peek_us
  line 'read while a writer flushes: p99 µs (≤ 2)' store.read_p99_us base.read_p99_us 'p99 when idle'
  line 'the same (1)' store.read_beside_us base.read_beside_us 'p99 while a plain file is flushed'
  line '1000 changes that may be lost: flushes (0)' store.tick_flushes base.tick_flushes 'a flush each'
  line 'the same: µs until a watch is told, p99 (≤ 5000)' store.tick_seen_p99_us
  line 'open after a clean stop, 64 MiB: ms (≤ 100)' store.open_clean_ms
  line 'open after a crash, 64 MiB: ms (≤ 100)' store.open_unclean_ms
  line 'the check that comes before that: ms' store.check_ms
  line 'heap of a 64 MiB document: MiB (≤ 32)' store.memory_mib
  line 'diff, one of 100 000 elements new: ms (≤ 50)' store.diff_ms
  line 'the same: operations' store.diff_operations base.diff_operations 'the fewest there can be'
  line 'tell 1000 scopes of a change in one: CPU µs (≤ 20)' store.fanout_us base.fanout_us 'the change with none'
  line 'catch up 1000 revisions: KiB (≤ 200)' store.catchup_kib
  line 'catch up 1000 revisions: ms (≤ 20)' store.catchup_ms
  line 'first dump for 50 clients: encodings (1)' store.dump_encodings base.dump_encodings 'clients'
  line 'first dump of 16 MiB: ms a client' store.dump_ms base.dump_ms 'the first client'
  line '10 000 revisions unread: KiB kept (≤ 1024)' store.slow_kib
  line 'the same: updates then sent (1)' store.slow_updates base.slow_updates 'revisions'
}
