# What every system test begins with: `. "$(dirname "$0")/../../case.sh"`.
# Gives a scratch folder $work (short, so that sockets fit in it), the programs in PATH, and words to
# say what is expected. All is removed at the end, whatever happens.
set -euo pipefail
: "${MOONBOX_BIN:?the folder of the programs under test}" "${MOONBOX_SOURCE:?the source tree}"
PATH=$MOONBOX_BIN:$PATH
unset MOONBOX_SCRIPTS LANG LC_ALL LC_MESSAGES COLUMNS
work=$(mktemp -d /tmp/moonbox-case-XXXXXX)
# Programs that start a shell ask for it; the user's own is as good as any other.
export HOME=$work/home TMPDIR=$work/tmp SHELL=/bin/sh
mkdir "$HOME" "$TMPDIR"
cd "$work"

cleanups=()
at_end() { cleanups+=("$1"); }
finish() {
  local status=$? i
  for ((i = ${#cleanups[@]} - 1; i >= 0; i--)); do eval "${cleanups[i]}" || true; done
  # Whatever still works in the scratch folder was begun here.
  for i in $(pgrep -f -- "$work/" || true); do [ "$i" = $$ ] || kill "$i" 2>/dev/null || true; done
  cd / && rm -rf "$work"
  exit "$status"
}
trap finish EXIT

fail() {
  printf 'FAILED: %s\n' "$*" >&2
  [ ! -e "$work/out" ] || cut -c-400 "$work/out" | sed 's/^/  out: /' >&2
  [ ! -e "$work/err" ] || cut -c-400 "$work/err" | sed 's/^/  err: /' >&2
  [ ! -e "${data-}/logs/daemon.log" ] || tail -n 12 "$data/logs/daemon.log" | cut -c-400 | sed 's/^/  log: /' >&2
  exit 1
}

# expect STATUS COMMAND…: runs it; its output is in the files out and err.
expect() {
  local wanted=$1 status=0
  shift
  "$@" >"$work/out" 2>"$work/err" </dev/null || status=$?
  [ "$status" = "$wanted" ] || fail "'$*' ended with $status, not $wanted"
}
out_has() { grep -qF -- "$1" "$work/out" || fail "standard output lacks: $1"; }
err_has() { grep -qF -- "$1" "$work/err" || fail "standard error lacks: $1"; }
out_is() { [ "$(cat "$work/out")" = "$1" ] || fail "standard output is not: $1"; }

# A data directory whose daemon is stopped at the end.
fresh_data() {
  data=$work/data
  at_end 'moon-cli --data-dir "$data" daemon stop >/dev/null 2>&1'
}

# start_daemon [OPTION…]: a daemon on fresh data; `cli` talks to it, `socket` is its door.
start_daemon() {
  [ -n "${data-}" ] || fresh_data
  socket=$data/daemon/daemon.sock
  moon-cli --data-dir "$data" daemon start "$@" >"$work/start" 2>&1 ||
    fail "the daemon does not start: $(cat "$work/start")"
  daemon_pid=$(cat "$data/daemon/daemon.pid")
}
cli() { moon-cli --data-dir "$data" "$@"; }
# A process that has ended may stay as a zombie where nobody collects it.
runs() { readlink "/proc/$1/exe" >/dev/null; }

# within SECONDS COMMAND…: waits until the command succeeds; fails when it never does.
within() {
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    [ $SECONDS -lt "$end" ] || fail "never came: $*"
    sleep 0.02
  done
}

# What the daemon answers to the lines of standard input.
talk() { timeout 30 nc -NU "$socket"; }
# answers REQUEST ANSWER: the line is answered with exactly this line.
answers() {
  local got
  got=$(printf '%s\n' "$1" | talk)
  [ "$got" = "$2" ] || fail "$(printf 'sent:   %s\ngot:    %s\nwanted: %s' "$1" "$got" "$2")"
}
# refuses REQUEST CODE WORDS: the line is answered with the JSON-RPC error CODE; WORDS are in it.
refuses() {
  local got
  got=$(printf '%s\n' "$1" | talk)
  [[ $got == *"\"error\":{\"code\":$2,"* && $got == *"$3"* ]] ||
    fail "$(printf 'sent:   %.200s\ngot:    %.500s\nwanted: %s and %s' "$1" "$got" "$2" "$3")"
}
