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

# What the daemon has to itself, KiB, files aside: pages of a program that was just built are dirty too.
anonymous_kib() { awk '/^Anonymous/ { print $2 }' "/proc/$daemon_pid/smaps_rollup"; }

figure() { curl -sS --unix-socket "$socket" http://moonbox/metrics; }

# memory KEY: KEY.private, KEY.allocated and KEY.heaps in KiB, KEY.generations. Behind reloads nobody
# calls during, so that the VMs are new in both looks, and in quiet moments, for garbage comes and goes:
# the least of them is what is kept.
memory() {
  local i got least=''
  reload_rounds 5 reload >/dev/null
  sleep 2 # what old generations leave is given back a second after the last reload
  for ((i = 0; i < 8; i++)); do
    sleep 0.3
    got=$(figure | awk -v private="$(anonymous_kib)" '
      $1 == "moonbox_allocated_bytes" { allocated = $2 / 1024 }
      $1 == "moonbox_script_generations" { generations = $2 }
      /^moonbox_vm_heap_bytes/ { heaps += $2 / 1024 }
      END { print private, allocated, heaps, generations }')
    least=$(awk '{ for (i = 1; i <= NF; i++) if (NR == 1 || $i < v[i]) v[i] = $i }
      END { print v[1], v[2], v[3], v[4] }' <<<"$got${least:+
$least}")
  done
  read -r private allocated heaps generations <<<"$least"
  sample "$1.private" "$(awk -v k="$private" 'BEGIN { print k / 1024 }')"
  sample "$1.allocated" "$(awk -v k="$allocated" 'BEGIN { print k / 1024 }')"
  sample "$1.heaps" "$(awk -v k="$heaps" 'BEGIN { print k / 1024 }')"
  sample "$1.generations" "$generations"
}

# growth KEY: of memory.after over memory.before, in KiB.
growth() {
  sample "growth.$1" "$(awk -v a="$(median "memory.after.$1")" -v b="$(median "memory.before.$1")" \
    'BEGIN { split(a, x, " "); split(b, y, " "); print (x[1] - y[1]) * 1024 }')"
}

row_reload() {
  local round reloads count reload_rate=10000 private allocated heaps generations
  count=$(awk -v s="$scale" 'BEGIN { n = int(1000 * s); print (n < 20 ? 20 : n) }')
  # Events and log lines are kept up to a number; it is small here, so that it is reached before the
  # first look at the memory. What a fresh daemon keeps of 1000 reloads (3.3 MiB) is no growth.
  mkdir -m 700 "$work/reload"
  printf '%s\n' 'kept-events = 64' 'kept-lines = 64' >"$work/reload/config"
  daemon_up reload || return
  sample save "$(reload_rounds 20 | tr '\n' ' ')"
  restart_rounds
  daemon_pid=$(head -1 "$data/daemon/daemon.pid")
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
  line "$under: private memory, MiB" memory.after.private memory.before.private 'before them'
  line "$under: allocated by the engine, MiB" memory.after.allocated memory.before.allocated 'before them'
  line "$under: heaps of the VMs, MiB" memory.after.heaps memory.before.heaps 'before them'
  line "$under: generations in memory" memory.after.generations memory.before.generations 'before them'
  for figure in private allocated heaps; do
    growth $figure
    line "$under: growth, $figure, KiB (1024)" "growth.$figure"
  done
}
