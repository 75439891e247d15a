# The programs, a scratch folder, daemons of our own; all of it goes at the end, also after Ctrl-C.
# Sourced by `run`.
root=$(dirname "$(dirname "$here")")
bin=${MOONBOX_BIN:-$root/build/bin}
[ -x "$bin/moonbox" ] || { echo "bench: no programs in $bin; ./dev build makes them" >&2 && exit 1; }
bin=$(dirname "$(readlink -f "$bin/moonbox")")
tools=$(dirname "$bin")/bench
PATH=$tools:$bin:$PATH
unset MOONBOX_SCRIPTS
# Short, so that sockets fit; on a disk, for what is durable.
work=$(mktemp -d /var/tmp/moonbox-bench-XXXXXX)
export HOME=$work/home
mkdir "$HOME"

daemons=() data='' socket='' daemon_pid=''
cleanups=()
at_end() { cleanups+=("$1"); }

# Nothing here may outlive four minutes (ten with 1 000 reloads), whatever hangs. Reading a pipe nobody writes to is a sleep
# that leaves no process behind.
mkfifo "$work/never"
limit=230
[[ " ${wanted[*]} " != *' reload '* ]] || limit=600
(
  read -r -t "$limit" _ <>"$work/never" || true
  echo 'bench: took too long, ending' >&2
  kill -TERM $$
  pkill -TERM -P $$
) &
watchdog=$!

finish() {
  local status=$? i
  trap '' INT TERM
  trap - EXIT
  kill "$watchdog" 2>/dev/null || true
  for ((i = ${#cleanups[@]} - 1; i >= 0; i--)); do eval "${cleanups[i]}" >/dev/null 2>&1 || true; done
  daemon_down
  rm -rf --one-file-system "$work"
  exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

cli() { moon-cli --data-dir "$data" "$@"; }

# daemon_up NAME [PROCESSORS [WORKERS [OPTION…]]]: a daemon on data of its own; sets data, socket, daemon_pid.
daemon_up() {
  local cpus=${2:-$(IFS=, && echo "${processors[*]}")} workers=()
  [ -z "${3:-}" ] || workers=(--workers "$3")
  data=$work/$1
  daemons+=("$data")  # also one that serves nothing but its diagnosis has to be stopped
  on "$cpus" moon-cli --data-dir "$data" daemon start "${workers[@]}" "${@:4}" >"$work/log" 2>&1 ||
    { sed 's/^/  /' "$work/log" && return 1; }
  socket=$data/daemon/daemon.sock
  daemon_pid=$(head -1 "$data/daemon/daemon.pid")
}

# Stops every daemon; a package's container ends with its package.
daemon_down() {
  local each
  for each in "${daemons[@]}"; do
    timeout 20 moon-cli --data-dir "$each" daemon stop >/dev/null 2>&1 || true
  done
  daemons=()
}

# package_up: hello-world installed and started on a daemon of its own, which lives until the end.
# Sets package_data; returns 1, having said why, where it cannot be.
package_up() {
  if [ -n "${package_data:-}" ]; then
    data=$package_data socket=$package_data/daemon/daemon.sock
    return
  fi
  daemon_up package || return
  package_data=$data
  daemons=()
  at_end 'moon-cli --data-dir "$package_data" daemon stop'
  at_end 'timeout 20 moon-cli --data-dir "$package_data" package uninstall hello-world --force'
  moon-cli s9pk pack "$root/examples/hello-world" -o "$work/hello.s9pk" >"$work/log" 2>&1 &&
    timeout 60 moon-cli --data-dir "$data" package install "$work/hello.s9pk" >"$work/log" 2>&1 &&
    timeout 60 moon-cli --data-dir "$data" package start hello-world --wait >"$work/log" 2>&1 ||
    { sed 's/^/  /' "$work/log" && return 1; }
}

# The host's pid of PID 1 in the package's container: the runtime that is first in its namespace.
package_init() {
  local comm
  for comm in /proc/[0-9]*/comm; do
    local pid=${comm//[^0-9]/}
    [ "$(cat "$comm" 2>/dev/null)" = moon-container ] &&
      grep -qE '^NSpid:.*\s1$' "/proc/$pid/status" 2>/dev/null &&
      [ "$(nsenter -t "$pid" -u hostname 2>/dev/null)" = hello-world ] &&
      grep -q "$package_data" "/proc/$pid/mountinfo" 2>/dev/null && echo "$pid" && return
  done
  return 1
}

# A container by the LXC commands alone: busybox, no network, not even a user namespace.
raw_container() {
  raw_path=$work/lxc raw_name=moonbox-bench-$$
  [ -d "$raw_path" ] && return
  local rootfs=$raw_path/$raw_name/rootfs applet
  mkdir -p "$rootfs"/{bin,proc,sys,dev,etc,tmp}
  cp "$(command -v busybox)" "$rootfs/bin/busybox"
  cp "$tools/lua_eval" "$rootfs/bin/lua_eval"
  for applet in sh sleep true; do ln -s busybox "$rootfs/bin/$applet"; done
  printf '%s\n' "lxc.rootfs.path = dir:$rootfs" "lxc.uts.name = $raw_name" \
    'lxc.net.0.type = empty' 'lxc.apparmor.profile = unconfined' 'lxc.mount.auto = proc:mixed' \
    'lxc.init.cmd = /bin/sleep 3600' >"$raw_path/$raw_name/config"
  at_end 'lxc-stop -P "$raw_path" -n "$raw_name" -k'
}
raw_lxc() { "lxc-$1" -P "$raw_path" -n "$raw_name" "${@:2}"; }
