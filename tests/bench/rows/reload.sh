# A handler is edited in the overlay while the daemon serves.

reload_rounds() { # COUNT [reload]: the milliseconds of each
  reload_probe "$socket" "$root/scripts/core/echo.lua" "$data/scripts/core/echo.lua" "$@"
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

# loaded KEY SECONDS: 32 connections ask at fixed times, so that who waits is counted.
loaded() {
  local out figure
  out=$(loadgen --socket "$socket" --connections 32 --depth 4 --rate "$reload_rate" --seconds "$2" \
    --warmup 0.2 --expect hello) || note "loadgen failed under $1"
  for figure in lost reordered reconnects rps; do sample "$1.$figure" "$(field $figure "$out")"; done
  sample "$1.errors" "$(($(field errors "$out") + $(field mismatched "$out")))"
  sample "$1.p99" "$(sed -n 's/.*"p99":\([0-9.]*\).*/\1/p' <<<"$out" | awk '{ print $1 / 1000 }')"
  sample "$1.max" "$(sed -n 's/.*"max":\([0-9.]*\).*/\1/p' <<<"$out" | awk '{ print $1 / 1000 }')"
}

# MiB that the daemon has to itself.
private_mib() {
  awk '/^Private_Dirty/ { s += $2 } END { print s / 1024 }' "/proc/$(head -1 "$data/daemon/daemon.pid")/smaps_rollup"
}

# memory KEY: in quiet moments, for garbage comes and goes; the least of them is what is kept.
memory() {
  local least='' now i
  for ((i = 0; i < 5; i++)); do
    sleep 0.4
    now=$(private_mib)
    least=$(awk -v a="$now" -v b="${least:-$now}" 'BEGIN { print (a < b ? a : b) }')
  done
  sample "$1" "$least"
}

row_reload() {
  local round reloads count reload_rate=10000
  count=$(awk -v s="$scale" 'BEGIN { n = int(1000 * s); print (n < 20 ? 20 : n) }')
  daemon_up reload || return
  sample save "$(reload_rounds 20 | tr '\n' ' ')"
  restart_rounds
  line 'saved to first new answer: ms (n=20)' save restart 'daemon restart to first answer'
  # What the first generations leave in the allocator's hands is not growth.
  reload_rounds 60 reload >/dev/null
  for ((round = 0; round < 5; round++)); do loaded quiet "$(scaled 1)"; done
  memory memory.before
  reload_rounds "$count" reload >"$work/reloads" &
  reloads=$!
  # The load must not end before the last reload does.
  while kill -0 "$reloads" 2>/dev/null; do loaded busy "$(scaled 5)"; done
  wait "$reloads" || note 'the reloads did not come to an end'
  sample reload.busy "$(tr '\n' ' ' <"$work/reloads")"
  memory memory.after
  local figure under="under $(wc -l <"$work/reloads") reloads"
  for figure in lost errors reordered reconnects; do
    sample "sum.$figure" "$(tr ' ' '\n' <<<"${samples[busy.$figure]}" | awk '{ s += $1 } END { print s + 0 }')"
    line "$under: $figure" "sum.$figure" "quiet.$figure" 'no reloads'
  done
  line "$under: script.reload to new answer, ms" reload.busy
  line "$under: requests/s of $reload_rate asked for" busy.rps quiet.rps 'no reloads'
  line "$under: p99 ms" busy.p99 quiet.p99 'no reloads'
  line "$under: slowest ms" busy.max quiet.max 'no reloads'
  line "$under: private memory MiB" memory.after memory.before 'before them'
}
