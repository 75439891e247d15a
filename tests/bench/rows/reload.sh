# A handler is edited in the overlay while the daemon serves.

reload_rounds() { # COUNT: the milliseconds of each
  reload_probe "$socket" "$root/scripts/core/echo.lua" "$data/scripts/core/echo.lua" "$1"
}

# What an operator would do without reloading: stop, start, ask.
restart_rounds() {
  local begin
  for ((round = 0; round < rounds; round++)); do
    begin=$(now_ms)
    cli daemon restart >/dev/null
    cli echo hello >/dev/null
    sample restart "$(since_ms "$begin")"
  done
}

# loaded KEY SECONDS: 32 connections ask all the time.
loaded() {
  local out
  out=$(loadgen --socket "$socket" --connections 32 --seconds "$2" --warmup 0.2 --expect hello) ||
    note "loadgen failed under $1"
  sample "$1.lost" "$(field lost "$out")"
  sample "$1.errors" "$(($(field errors "$out") + $(field mismatched "$out")))"
  sample "$1.reconnects" "$(field reconnects "$out")"
  sample "$1.gap" "$(field max_gap_ms "$out")"
  sample "$1.rps" "$(field rps "$out")"
  sample "$1.p99" "$(sed -n 's/.*"p99":\([0-9.]*\).*/\1/p' <<<"$out" | awk '{ print $1 / 1000 }')"
  sample "$1.max" "$(sed -n 's/.*"max":\([0-9.]*\).*/\1/p' <<<"$out" | awk '{ print $1 / 1000 }')"
}

# MiB that the daemon has to itself.
private_mib() {
  awk '/^Private_Dirty/ { s += $2 } END { print s / 1024 }' "/proc/$(cat "$data/daemon/daemon.pid")/smaps_rollup"
}

row_reload() {
  local round reloads
  daemon_up reload || return
  sample save "$(reload_rounds 20 | tr '\n' ' ')"
  restart_rounds
  line 'saved to first new answer: ms (n=20)' save restart 'daemon restart to first answer'
  loaded quiet "$(scaled 1)"
  # What the first generations leave in the allocator's hands is not growth.
  reload_rounds 60 >/dev/null
  sample memory.before "$(private_mib)"
  reload_rounds 200 >"$work/reloads" &
  reloads=$!
  # The load must not end before the last reload does.
  local chunks=0
  while kill -0 "$reloads" 2>/dev/null && [ $chunks -lt 200 ]; do
    loaded busy "$(scaled 2)"
    chunks=$((chunks + 1))
  done
  wait "$reloads" || note 'the reloads did not come to an end'
  sample save.busy "$(tr '\n' ' ' <"$work/reloads")"
  sample memory.after "$(private_mib)"
  local total
  for total in lost errors reconnects; do
    sample "sum.$total" "$(tr ' ' '\n' <<<"${samples[busy.$total]}" | awk '{ s += $1 } END { print s + 0 }')"
  done
  line "saved to new answer under load: ms (n=$(wc -l <"$work/reloads"))" save.busy save 'without load'
  line '32 connections, 200 reloads: requests lost' sum.lost quiet.lost 'no reloads'
  line '32 connections, 200 reloads: errors' sum.errors quiet.errors 'no reloads'
  line '32 connections, 200 reloads: reconnects' sum.reconnects quiet.reconnects 'no reloads'
  line '32 connections, 200 reloads: requests/s' busy.rps quiet.rps 'no reloads'
  line '32 connections, 200 reloads: p99 ms' busy.p99 quiet.p99 'no reloads'
  line '32 connections, 200 reloads: slowest ms' busy.max quiet.max 'no reloads'
  line '200 reloads: private memory MiB' memory.after memory.before 'before them'
}
