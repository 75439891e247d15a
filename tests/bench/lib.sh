# Samples, medians, the table and the JSON. Sourced by `run`.

declare -A samples=()
json_rows=()

# sample KEY VALUE…: adds values to a figure.
sample() {
  local key=$1
  shift
  samples[$key]+=" $*"
}

# median KEY: "median lowest highest", or nothing.
median() {
  tr -s ' ' '\n' <<<"${samples[$1]:-}" | grep . | sort -g |
    awk '{ v[NR] = $1 }
      END { if (NR) print (NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2), v[1], v[NR] }'
}

# Three digits that count, never an exponent.
short() {
  awk -v x="$1" 'BEGIN { printf (x >= 100 || x == 0 ? "%.0f" : x >= 10 ? "%.1f" : "%.2f"), x }'
}

pad() { printf '%s%*s' "$1" $(($2 > ${#1} ? $2 - ${#1} : 0)) ''; }
pad_left() { printf '%*s%s' $(($2 > ${#1} ? $2 - ${#1} : 0)) '' "$1"; }

cell() {
  local values
  read -ra values <<<"$(median "$1")"
  [ ${#values[@]} -gt 0 ] || { printf '–' && return; }
  if [ "${values[1]}" = "${values[2]}" ]; then
    short "${values[0]}"
  else
    printf '%s (%s–%s)' "$(short "${values[0]}")" "$(short "${values[1]}")" "$(short "${values[2]}")"
  fi
}

ratio() {
  awk -v a="$(median "$1" | cut -d' ' -f1)" -v b="$(median "$2" | cut -d' ' -f1)" \
    'BEGIN { if (a != "" && b > 0) { r = a / b; printf (r >= 10 ? "%.0f" : "%.2f"), r } }'
}

heading() {
  printf '\n%s %s %s %s  %s\n' "$(pad "$1" 46)" "$(pad_left moonbox 24)" "$(pad_left baseline 24)" \
    "$(pad_left ratio 6)" 'baseline is'
}

json_values() {
  local values
  read -ra values <<<"$(median "$1")"
  [ ${#values[@]} -gt 0 ] || { printf 'null' && return; }
  printf '{"median":%s,"min":%s,"max":%s}' "${values[@]}"
}

# line WHAT KEY [BASE_KEY BASE_NAME]: one line of the table from the samples of two figures.
line() {
  local what=$1 ours=$2 base=${3:-} name=${4:-}
  if [ -z "$(median "$ours")" ]; then
    note "$what: not measured"
    return
  fi
  printf '%s %s %s %s  %s\n' "$(pad "  $what" 46)" "$(pad_left "$(cell "$ours")" 24)" \
    "$(pad_left "$([ -z "$base" ] || cell "$base")" 24)" \
    "$(pad_left "$([ -z "$base" ] || ratio "$ours" "$base")" 6)" "$name"
  json_rows+=("$(printf '{"row":"%s","what":"%s","moonbox":%s,"baseline":%s,"baselineIs":"%s"}' \
    "$row" "$what" "$(json_values "$ours")" "$([ -z "$base" ] && echo null || json_values "$base")" \
    "$name")")
}

note() { printf '  %s\n' "$*"; }

# field NAME JSON: a number of a flat JSON object.
field() { sed -n "s/.*\"$1\":\([0-9.]*\).*/\1/p" <<<"$2"; }

scaled() { awk -v a="$1" -v b="$scale" 'BEGIN { print a * b }'; }

now_ms() { awk -v t="$EPOCHREALTIME" 'BEGIN { printf "%.3f", t * 1000 }'; }
since_ms() { awk -v a="$1" -v t="$EPOCHREALTIME" 'BEGIN { printf "%.3f", t * 1000 - a }'; }

# until_true SECONDS COMMAND…: tries until it succeeds.
until_true() {
  local end=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $end ] || return 1
    sleep 0.02
  done
}

# The processors this run may use, one a line.
allowed_processors() {
  sed -n 's/^Cpus_allowed_list:\t//p' /proc/self/status | tr ',' '\n' |
    while IFS=- read -r from to; do seq "$from" "${to:-$from}"; done
}

# on PROCESSORS COMMAND…: pinned, and before other work where that is allowed.
on() {
  local list=$1
  shift
  taskset -c "$list" nice -n "$niceness" "$@"
}

# The same in the background, as the process itself; its pid is in $!.
on_behind() {
  local list=$1
  shift
  (exec taskset -c "$list" nice -n "$niceness" "$@") &
}

processor_times() { awk '/^cpu / { print $2 + $3 + $4 + $7 + $8, $5 + $6, $9 }' /proc/stat; }

bench_begin() {
  mapfile -t processors < <(allowed_processors)
  client_cpu=${processors[0]}
  server_cpu=${processors[1]:-$client_cpu}
  niceness=0
  if nice -n -10 true 2>/dev/null; then niceness=-10; fi
  times_before=$(processor_times)
  printf 'moonbox %s, %s\n' "$("$bin/moonbox" --version 2>/dev/null | tail -1 | sed 's/.* //')" \
    "$(date -u '+%Y-%m-%d %H:%M UTC')"
  printf '%d processors (%s), Linux %s, load %s; files on %s\n' "${#processors[@]}" \
    "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1)" "$(uname -r)" \
    "$(cut -d' ' -f1-3 /proc/loadavg)" "$(stat -f -c %T "$work")"
  if [ ${#processors[@]} -gt 1 ]; then
    printf 'servers on processor %s, clients on %s' "$server_cpu" "$client_cpu"
  else
    printf 'one processor: server and client share it'
  fi
  printf '; %s rounds: median (lowest–highest); ratio = moonbox / baseline\n' "$rounds"
}

bench_end() {
  awk -v a="$times_before" -v b="$(processor_times)" 'BEGIN {
    split(a, x); split(b, y)
    busy = y[1] - x[1]; idle = y[2] - x[2]; stolen = y[3] - x[3]; all = busy + idle + stolen
    printf "\nnoise: all processors were %.0f %% busy in all, %.1f %% stolen by the host\n",
      100 * busy / all, 100 * stolen / all }'
  printf 'took %d s\n' "$SECONDS"
  [ -z "$json_file" ] || printf '[%s]\n' "$(IFS=, && echo "${json_rows[*]}")" >"$json_file"
}
