# A package with one large asset: s9pk verify beside b3sum of the file, sideloading it beside a copy
# that is verified, opening it over HTTP; and archives that are made to hurt.

# verify_pair THREADS PROCESSORS
verify_pair() {
  local key=$1 cpus=$2 round
  on "$cpus" repeat 1 moon-cli s9pk verify "$work/large.s9pk" >/dev/null || return
  for ((round = 0; round < rounds; round++)); do
    sample "verify.$key" "$(on "$cpus" repeat 1 moon-cli s9pk verify "$work/large.s9pk")"
    sample "b3sum.$key" "$(on "$cpus" repeat 1 b3sum --num-threads "$key" "$work/large.s9pk")"
  done
  local unit
  for unit in verify b3sum; do
    sample "$unit.rate.$key" "$(tr ' ' '\n' <<<"${samples[$unit.$key]}" | grep . |
      awk -v mib="$size_mib" '{ print mib / 1024 / ($1 / 1000) }')"
  done
  line "$key thread(s): ms" "verify.$key" "b3sum.$key" "b3sum --num-threads $key, $size_mib MiB"
  line "$key thread(s): GiB/s" "verify.rate.$key" "b3sum.rate.$key" "b3sum --num-threads $key"
}

large_package() {
  cp -r "$root/examples/hello-world" "$work/large"
  mkdir -p "$work/large/assets"
  head -c "${mib}M" /dev/urandom >"$work/large/assets/blob"
  moon-cli s9pk pack "$work/large" -o "$work/large.s9pk" >"$work/log" 2>&1 ||
    { sed 's/^/  /' "$work/log" && return 1; }
  rm -r "$work/large"
}

# Both end with a verified copy on the disk; an installation makes its container, too.
sideload() {
  local round begin
  daemon_up sideload || return
  at_end 'timeout 20 moon-cli --data-dir "$work/sideload" package uninstall hello-world --force'
  for ((round = 0; round < rounds; round++)); do
    begin=$(now_ms)
    cp "$work/large.s9pk" "$work/copy.s9pk" && sync "$work/copy.s9pk" &&
      moon-cli s9pk verify "$work/copy.s9pk" >/dev/null
    sample copy.verify "$(since_ms "$begin")"
    rm "$work/copy.s9pk"
    sync
    begin=$(now_ms)
    cli package install "$work/large.s9pk" >"$work/log" 2>&1 ||
      { sed 's/^/  /' "$work/log" && return 1; }
    sample sideload "$(since_ms "$begin")"
    cli package uninstall hello-world --force >/dev/null 2>&1
    sync
  done
  line 'installing it: ms (wanted: <= 1.3 times)' sideload copy.verify 'cp, sync, s9pk verify'
}

# What a web server had to send before the manifest was known good.
over_http() {
  mkdir "$work/served" && ln -s "$work/large.s9pk" "$work/served/large.s9pk"
  python3 "$root/tests/support/package_server.py" "$work/served" "$work/port" "$work/requests" &
  local server=$!
  at_end "kill $server"
  until_true 10 [ -e "$work/port" ] || return
  moon-cli s9pk inspect "http://127.0.0.1:$(cat "$work/port")/ranges/large.s9pk" manifest >/dev/null
  sample http.bytes "$(awk '{ n += $5 } END { print n }' "$work/requests")"
  sample http.requests "$(grep -c . "$work/requests")"
  line 'opening over HTTP: bytes (wanted: < 65536)' http.bytes
  line 'opening over HTTP: requests' http.requests
  kill "$server"
}

bombs() {
  mkdir "$work/bombs" && archive_bombs "$work/bombs"
  local bomb took kib
  for bomb in "$work"/bombs/*.s9pk "$root/tests/data/s9pk/invalid/h-cyclic-toc.s9pk"; do
    read -r took kib <<<"$(on "$server_cpu" python3 "$here/timed.py" moon-cli s9pk verify "$bomb")"
    sample bomb.ms "$took"
    sample bomb.mib "$(awk -v k="$kib" 'BEGIN { print k / 1024 }')"
  done
  line "$(ls "$work/bombs" | wc -l) bombs, refused in: ms (wanted: < 100)" bomb.ms
  line 'and with resident memory of: MiB (wanted: < 32)' bomb.mib
}

row_archive() {
  large_package || return
  local size_mib=$(($(stat -c %s "$work/large.s9pk") >> 20)) round
  verify_pair 1 "$server_cpu"
  if [ ${#processors[@]} -ge 4 ]; then
    verify_pair 4 "$(IFS=, && echo "${processors[*]:0:4}")"
  else
    note "4 threads: not measured, here are ${#processors[@]} processors"
  fi
  sideload
  over_http
  bombs
  rm "$work/large.s9pk"
  moon-cli s9pk pack "$root/examples/hello-world" -o "$work/small.s9pk" >/dev/null
  for ((round = 0; round < rounds; round++)); do
    sample verify.small "$(on "$server_cpu" repeat 1 moon-cli s9pk verify "$work/small.s9pk")"
    sample b3sum.small "$(on "$server_cpu" repeat 1 b3sum "$work/small.s9pk")"
  done
  line "hello-world, $(($(stat -c %s "$work/small.s9pk") >> 10)) KiB: ms" verify.small b3sum.small \
    'b3sum; both are mostly the start'
}
