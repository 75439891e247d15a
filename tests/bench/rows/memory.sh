# What an idle container costs; the static runtime's file.

# smaps KEY PID FIELD: MiB
smaps() {
  sample "$1" "$(awk -v field="$3:" '$1 == field { print $2 / 1024 }' "/proc/$2/smaps_rollup")"
}

row_memory() {
  local pid init=$bin/moon-container
  sample size.ours "$(awk -v b="$(stat -c %s "$init")" 'BEGIN { print b / 1048576 }')"
  sample size.busybox "$(awk -v b="$(stat -Lc %s "$(command -v busybox)")" 'BEGIN { print b / 1048576 }')"
  line 'moon-container, size: MiB (at most 4)' size.ours size.busybox 'busybox, static'
  sample needed.ours "$(readelf -d "$init" | grep -c NEEDED || true)"
  sample needed.moonbox "$(readelf -d "$bin/moonbox" | grep -c NEEDED || true)"
  line 'moon-container, NEEDED entries (none)' needed.ours needed.moonbox 'moonbox, the host program'
  raw_container
  raw_lxc start -d 2>/dev/null && raw_lxc wait -s RUNNING -t 10 || true
  package_up || return
  pid=$(package_init)
  [ -n "$pid" ] || { note 'no container to look at' && return; }
  # Memory is given back a second after the last request; there is no event to wait for.
  sleep 2
  local sampled
  for ((sampled = 0; sampled < 5; sampled++)); do
    sleep 0.5
    smaps pss.ours "$pid" Pss
    smaps dirty.ours "$pid" Private_Dirty
  done
  local raw_pid
  raw_pid=$(raw_lxc info -p -H 2>/dev/null)
  if [ -n "$raw_pid" ]; then
    smaps pss.raw "$raw_pid" Pss
    smaps dirty.raw "$raw_pid" Private_Dirty
  fi
  line 'PID 1, service running, idle: PSS MiB (< 3)' pss.ours pss.raw 'busybox sleep as PID 1'
  line 'PID 1, service running, idle: dirty MiB' dirty.ours dirty.raw 'busybox sleep as PID 1'
  raw_lxc stop -k
}
