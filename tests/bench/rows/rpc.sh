# JSON-RPC echo through a Lua handler, over every transport, beside a server that only copies bytes
# and beside peers that are installed (nginx with Lua, Node with ws); each on one processor.

# load KEY CLIENT_CPUS PID CONNECTIONS DEPTH OPTION…: one sample of each figure.
load() {
  local key=$1 cpus=$2 pid=$3 out
  out=$(on "$cpus" loadgen --server-pid "$pid" --connections "$4" --depth "$5" \
    --seconds "$(scaled 1)" --warmup "$(scaled 0.25)" --expect 'hello' "${@:6}") ||
    { note "loadgen $key: ${out:-failed}" && return 1; }
  [ "$(field errors "$out")" = 0 ] || note "$key: $(field errors "$out") errors"
  sample "$key.rps" "$(field rps "$out")"
  sample "$key.cpu" "$(field server_cpu_us "$out")"
  sample "$key.p50" "$(field p50 "$out")"
  sample "$key.p99" "$(field p99 "$out")"
}

# compare WHAT KEY BASE NAME: requests and processor time beside a baseline.
compare() {
  line "$1: requests/s" "$2.rps" "$3.rps" "$4"
  line "$1: server CPU µs/request" "$2.cpu" "$3.cpu" "$4"
}

# start_peer SOCKET COMMAND…: on the server's processor; its pid is in peer_pid.
start_peer() {
  local socket_path=$1
  shift
  on_behind "$server_cpu" "$@" >"$work/peer.log" 2>&1
  peer_pid=$!
  at_end "kill $peer_pid"
  until_true 5 test -S "$socket_path" || { note "$1 does not start: $(head -1 "$work/peer.log")" && return 1; }
}

# A port nobody listens on.
free_port() {
  local port
  for ((port = 20000 + RANDOM % 20000; ; port++)); do
    (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port" && return; }
  done
}

lines_over_unix() {
  local shapes=('64 1 other' '16 16 other' '1 1 same' '1 1 other') shape round connections depth where
  for ((round = 0; round < rounds; round++)); do
    for shape in "${shapes[@]}"; do
      read -r connections depth where <<<"$shape"
      local cpu=$client_cpu key=${shape// /.}
      [ "$where" = other ] || cpu=$server_cpu
      load "ours.$key" "$cpu" "$one_pid" "$connections" "$depth" --socket "$one_socket"
      load "raw.$key" "$cpu" "$raw_pid" "$connections" "$depth" --socket "$work/raw.sock"
    done
  done
  for shape in "${shapes[@]}"; do
    read -r connections depth where <<<"$shape"
    local key=${shape// /.} name="$connections × $depth"
    [ "$connections" != 1 ] || name+=", $where processor"
    compare "$name" "ours.$key" "raw.$key" 'raw epoll echo'
    [ "$connections" != 1 ] || line "$name: p50 µs" "ours.$key.p50" "raw.$key.p50" 'raw epoll echo'
    [ "$connections" != 1 ] || line "$name: p99 µs" "ours.$key.p99" "raw.$key.p99" 'raw epoll echo'
  done
}

have_nginx() { command -v nginx >/dev/null && [ -e /usr/lib/nginx/modules/ngx_http_lua_module.so ]; }
have_ws() { command -v node >/dev/null && [ -d "$root/build/deps/node/node_modules/ws" ]; }

start_nginx() {
  nginx_port=$(free_port)
  sed "s|@WORK@|$work|; s|@PORT@|$nginx_port|; s|@PEERS@|$here/peers|" "$here/peers/nginx.conf" \
    >"$work/nginx.conf"
  start_peer "$work/nginx.sock" nginx -p "$work" -c "$work/nginx.conf" || return 1
  nginx_pid=$(pgrep -P "$peer_pid" | head -1)  # the worker does the work
}

http_and_websocket() {
  local round with_nginx='' with_ws='' http=(--proto http --path /rpc/v1) ws=(--proto ws)
  have_nginx && start_nginx && with_nginx=1 || note 'nginx with Lua is not installed: no peer for HTTP'
  if have_ws && NODE_PATH=$root/build/deps/node/node_modules \
    start_peer "$work/ws.sock" node "$here/peers/ws_echo.js" "$work/ws.sock"; then
    with_ws=1 ws_pid=$peer_pid
  else
    note 'Node with ws is not installed: no peer for WebSocket'
  fi
  for ((round = 0; round < rounds; round++)); do
    load http.unix "$client_cpu" "$one_pid" 64 1 --socket "$one_socket" "${http[@]}"
    load http.tcp "$client_cpu" "$one_pid" 64 1 --tcp "127.0.0.1:$http_port" "${http[@]}"
    load ws.64 "$client_cpu" "$one_pid" 64 1 --socket "$one_socket" "${ws[@]}" --path /rpc/v1
    load ws.16 "$client_cpu" "$one_pid" 16 16 --socket "$one_socket" "${ws[@]}" --path /rpc/v1
    if [ -n "$with_nginx" ]; then
      load nginx.unix "$client_cpu" "$nginx_pid" 64 1 --socket "$work/nginx.sock" "${http[@]}"
      load nginx.tcp "$client_cpu" "$nginx_pid" 64 1 --tcp "127.0.0.1:$nginx_port" "${http[@]}"
    fi
    if [ -n "$with_ws" ]; then
      load node.64 "$client_cpu" "$ws_pid" 64 1 --socket "$work/ws.sock" "${ws[@]}"
      load node.16 "$client_cpu" "$ws_pid" 16 16 --socket "$work/ws.sock" "${ws[@]}"
    fi
  done
  compare 'HTTP over Unix, 64 × 1' http.unix nginx.unix 'nginx with Lua'
  compare 'HTTP over TCP, 64 × 1' http.tcp nginx.tcp 'nginx with Lua'
  compare 'WebSocket, 64 × 1' ws.64 node.64 'Node with ws'
  compare 'WebSocket, 16 × 16' ws.16 node.16 'Node with ws'
}

# spread_workers PID PROCESSOR…: each worker on a processor of its own. Left to themselves, some
# schedulers keep two on one while another processor is idle, and that would be measured instead.
spread_workers() {
  local pid=$1 task name
  shift
  for task in "/proc/$pid/task"/*; do
    name=$(cat "$task/comm")
    [[ $name == worker-* ]] || continue
    taskset -pc "${@:${name#worker-}:1}" "${task##*/}" >/dev/null
  done
}

# More processors serve, the same client asks.
scaling() {
  if [ ${#processors[@]} -lt 4 ]; then
    note "1 → 3 workers: not measured, it needs 4 processors and here are ${#processors[@]}"
    return
  fi
  local round
  daemon_up rpc3 "${processors[1]},${processors[2]},${processors[3]}" 3
  spread_workers "$daemon_pid" "${processors[@]:1:3}"
  for ((round = 0; round < rounds; round++)); do
    load three "$client_cpu" "$daemon_pid" 16 16 --socket "$socket"
    load one "$client_cpu" "$one_pid" 16 16 --socket "$one_socket"
  done
  line '16 × 16, 3 workers on 3 processors: requests/s' three.rps one.rps '1 worker on 1 processor'
}

row_rpc() {
  local http_port one_pid one_socket raw_pid
  http_port=$(free_port)
  daemon_up rpc "$server_cpu" 1 --http "127.0.0.1:$http_port" || return
  one_pid=$daemon_pid one_socket=$socket
  start_peer "$work/raw.sock" echo_raw "$work/raw.sock"
  raw_pid=$peer_pid
  lines_over_unix
  http_and_websocket
  scaling
  kill "$raw_pid"
}
