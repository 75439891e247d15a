# Fan-out of events (P6, P7) and the memory of idle connections (P8), beside their targets.

# fan_out KEY ARGUMENT…: one round of fanout; its figures become samples of KEY.
fan_out() {
  local key=$1 out
  shift
  out=$(on "$client_cpu" fanout --socket "$socket" "$@") || { note "fanout: ${out:-failed}" && return 1; }
  sample "$key.p99" "$(field p99 "$out")"
  sample "$key.lost" "$(field lost "$out")"
  sample "$key.emit" "$(field emit_us "$out")"
  sample "$key.dropped" "$(field stalled_dropped "$out")"
  sample "$key.ended" "$(field stalled_ended "$out")"
  sample "$key.untold" "$(sed -n 's/.*"stalled_untold":\(-\?[0-9]*\).*/\1/p' <<<"$out")"
}

# target KEY VALUE: what a figure is held against.
target() { samples[$1]=" $2"; }

row_events() {
  local round out seconds=${event_seconds:-$(scaled 3)}
  mkdir -p "$work/events/scripts"
  cp -R "$here/scripts/." "$work/events/scripts/"
  daemon_up events "$(IFS=, && echo "${processors[*]:1}")" || return
  for ((round = 0; round < rounds; round++)); do
    fan_out p6 --subscribers 50 --stalled 1 --rate 5000 --seconds "$seconds" || return
    fan_out p7 --subscribers 200 --stalled 1 --rate 1000 --seconds "$seconds" || return
  done
  target t.10 10 && target t.20 20 && target t.0 0 && target t.69 69 && target t.219 219
  line '50 readers, 5 000/s: emit to receive p99 ms' p6.p99 t.10 'at most (P6)'
  line '  lost at the 49 healthy' p6.lost t.0 'exactly'
  line '  publisher µs/event' p6.emit t.69 'at most: 20 + 1 per reader'
  line '  dropped at the one that reads nothing' p6.dropped
  line '  … and not told' p6.untold t.0 'exactly'
  line '  … ended, with a notice: 30 s without a byte read' p6.ended
  line '200 readers, 1 000/s: emit to receive p99 ms' p7.p99 t.20 'at most (P7)'
  line '  lost at the 199 healthy' p7.lost t.0 'exactly'
  line '  publisher µs/event' p7.emit t.219 'at most: 20 + 1 per reader'
  daemon_down
  mkdir -p "$work/idle"
  echo 'max-connections = 2000' >"$work/idle/config"
  chmod 700 "$work/idle"
  daemon_up idle || return
  out=$(fanout --socket "$socket" --server-pid "$daemon_pid" --idle 1000 --subscribers 200) ||
    { note "fanout: ${out:-failed}" && return; }
  sample p8.grown "$(awk -v a="$(field before "$out")" -v b="$(field after "$out")" 'BEGIN { print b - a }')"
  target t.64 64
  line '1 000 idle, 200 subscribed: resident MiB more' p8.grown t.64 'at most (P8)'
}
