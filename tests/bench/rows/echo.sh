# JSON-RPC echo through a Lua handler beside a server that only copies bytes, each on one processor.

# echo_load KEY CLIENT_CPUS SOCKET PID CONNECTIONS DEPTH [THREADS]
echo_load() {
  local out
  out=$(on "$2" loadgen --socket "$3" --server-pid "$4" --connections "$5" --depth "$6" \
    --threads "${7:-1}" --seconds "$(scaled 1)" --warmup "$(scaled 0.25)" --expect '"hello"') ||
    { note "loadgen: ${out:-failed}" && return 1; }
  [ "$(field errors "$out")" = 0 ] || note "$1: $(field errors "$out") errors"
  sample "$1.rps" "$(field rps "$out")"
  sample "$1.cpu" "$(field server_cpu_us "$out")"
  sample "$1.p50" "$(field p50 "$out")"
}

# Two processes or threads serve, two clients ask: what more processors bring.
echo_scaling() {
  if [ ${#processors[@]} -lt 4 ]; then
    note "scaling: not measured, it needs 4 processors and here are ${#processors[@]}"
    return
  fi
  local clients=${processors[0]},${processors[3]} round
  daemon_up echo2 "${processors[1]},${processors[2]}" 2
  for ((round = 0; round < rounds; round++)); do
    echo_load two "$clients" "$socket" "$daemon_pid" 64 1 2
    echo_load one "$clients" "$work/echo/daemon/daemon.sock" "$one_pid" 64 1 2
  done
  line '64 × 1, 2 workers on 2 processors: requests/s' two.rps one.rps \
    '1 worker on 1 processor, same clients'
}

row_echo() {
  local shapes=('64 1 other' '16 16 other' '1 1 same' '1 1 other') shape round raw_pid
  daemon_up echo "$server_cpu" 1 || return
  local one_pid=$daemon_pid
  on_behind "$server_cpu" echo_raw "$work/raw.sock"
  raw_pid=$!
  at_end "kill $raw_pid"
  until_true 5 test -S "$work/raw.sock"
  for ((round = 0; round < rounds; round++)); do
    for shape in "${shapes[@]}"; do
      read -r connections depth where <<<"$shape"
      local cpu=$client_cpu key=${shape// /.}
      [ "$where" = other ] || cpu=$server_cpu
      echo_load "ours.$key" "$cpu" "$socket" "$daemon_pid" "$connections" "$depth"
      echo_load "raw.$key" "$cpu" "$work/raw.sock" "$raw_pid" "$connections" "$depth"
    done
  done
  for shape in "${shapes[@]}"; do
    read -r connections depth where <<<"$shape"
    local key=${shape// /.} name="$connections × $depth"
    [ "$connections" != 1 ] || name+=", $where processor"
    line "$name: requests/s" "ours.$key.rps" "raw.$key.rps" 'raw epoll echo'
    line "$name: server CPU µs/request" "ours.$key.cpu" "raw.$key.cpu" 'raw epoll echo'
    [ "$connections" != 1 ] ||
      line "$name: p50 µs" "ours.$key.p50" "raw.$key.p50" 'raw epoll echo'
  done
  echo_scaling
  kill "$raw_pid"
}
