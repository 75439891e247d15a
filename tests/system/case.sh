# What every system test begins with: `. "$(dirname "$0")/../../case.sh"`.
# Gives a scratch folder $work (short, so that sockets fit in it), the programs in PATH, and words to
# say what is expected. All is removed at the end, whatever happens.
set -euo pipefail
: "${MOONBOX_BIN:?the folder of the programs under test}" "${MOONBOX_SOURCE:?the source tree}"
PATH=$MOONBOX_BIN:$PATH
unset MOONBOX_SCRIPTS LANG LC_ALL LC_MESSAGES
work=$(mktemp -d /tmp/moonbox-case-XXXXXX)
export HOME=$work/home
mkdir "$HOME"
cd "$work"

cleanups=()
at_end() { cleanups+=("$1"); }
finish() {
  local status=$? i
  for ((i = ${#cleanups[@]} - 1; i >= 0; i--)); do eval "${cleanups[i]}" || true; done
  cd / && rm -rf "$work"
  exit "$status"
}
trap finish EXIT

fail() {
  printf 'FAILED: %s\n' "$*" >&2
  [ ! -e "$work/out" ] || sed 's/^/  out: /' "$work/out" >&2
  [ ! -e "$work/err" ] || sed 's/^/  err: /' "$work/err" >&2
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
