# A durable change of one leaf: answered only when it is on disk. The baseline is LMDB doing the same
# two puts (the leaf, an entry of a log) in the same folder.

mutate_figures() {
  local name ours base
  while read -r name ours base; do
    sample "mutate.$name" "$ours"
    sample "lmdb.$name" "$base"
  done < <(store_bench --dir "$work" --seconds "$(scaled 0.7)" --only "$1")
}

# put_load KEY CONNECTIONS: db.put of a leaf per connection, one in flight on each.
put_load() {
  local out
  out=$(loadgen --socket "$socket" --connections "$2" --seconds "$(scaled 1)" \
    --warmup "$(scaled 0.25)" --method db.put --print-first \
    --params '{"pointer":"/public/ui/leaf-@CONN@","value":@SEQ@}') ||
    { note "loadgen: ${out:-failed}" && return 1; }
  [ "$(field errors "$out")" = 0 ] || note "$1: $(field errors "$out") errors: $out"
  sample "$1.rate" "$(field rps "$out")"
  sample "$1.p50" "$(field p50 "$out")"
}

row_mutate() {
  local round
  daemon_up mutate || return
  for ((round = 0; round < rounds; round++)); do
    mutate_figures single
    put_load put1 1
    mutate_figures many
    put_load put64 64
  done
  line '1 writer, store: changes/s' mutate.single_rate lmdb.single_rate 'raw LMDB, a commit each'
  line '1 writer, store: p50 µs' mutate.single_p50_us lmdb.single_p50_us 'raw LMDB, a commit each'
  line '1 writer, db.put: changes/s' put1.rate lmdb.single_rate 'raw LMDB, a commit each'
  line '1 writer, db.put: p50 µs' put1.p50 lmdb.single_p50_us 'raw LMDB, a commit each'
  line '64 writers, store: changes/s' mutate.many_rate lmdb.single_rate 'raw LMDB, a commit each'
  line '64 writers, store: changes/s' mutate.many_rate lmdb.many_rate 'raw LMDB, 64 in a commit'
  line '64 writers, store: changes per flush' mutate.many_per_flush lmdb.many_per_flush \
    'the most there can be'
  line '64 writers, db.put: changes/s' put64.rate lmdb.single_rate 'raw LMDB, a commit each'
  line '64 writers, db.put: changes/s' put64.rate lmdb.many_rate 'raw LMDB, 64 in a commit'
}
