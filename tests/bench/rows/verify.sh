# s9pk verify of a package with one large asset beside b3sum of the file, both from the page cache.

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

row_verify() {
  cp -r "$root/examples/hello-world" "$work/large"
  mkdir -p "$work/large/assets"
  head -c "${mib}M" /dev/urandom >"$work/large/assets/blob"
  moon-cli s9pk pack "$work/large" -o "$work/large.s9pk" >"$work/log" 2>&1 ||
    { sed 's/^/  /' "$work/log" && return 1; }
  rm -r "$work/large"
  local size_mib=$(($(stat -c %s "$work/large.s9pk") >> 20)) round
  verify_pair 1 "$server_cpu"
  if [ ${#processors[@]} -ge 4 ]; then
    verify_pair 4 "$(IFS=, && echo "${processors[*]:0:4}")"
  else
    note "4 threads: not measured, here are ${#processors[@]} processors"
  fi
  rm "$work/large.s9pk"
  moon-cli s9pk pack "$root/examples/hello-world" -o "$work/small.s9pk" >/dev/null
  for ((round = 0; round < rounds; round++)); do
    sample verify.small "$(on "$server_cpu" repeat 1 moon-cli s9pk verify "$work/small.s9pk")"
    sample b3sum.small "$(on "$server_cpu" repeat 1 b3sum "$work/small.s9pk")"
  done
  line "hello-world, $(($(stat -c %s "$work/small.s9pk") >> 10)) KiB: ms" verify.small b3sum.small \
    'b3sum; both are mostly the start'
}
