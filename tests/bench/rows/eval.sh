# `return 6*7` in the container's runtime beside starting a LuaJIT in a container.
row_eval() {
  local round out
  raw_container
  raw_lxc start -d 2>/dev/null || true
  raw_lxc wait -s RUNNING -t 10 || { note 'lxc-start does not work here' && return; }
  package_up || return
  for ((round = 0; round < rounds; round++)); do
    out=$(loadgen --socket "$socket" --seconds "$(scaled 1)" --warmup "$(scaled 0.25)" \
      --method package.eval --params '{"id":"hello-world","script":"return 6*7"}' --expect 42 \
      --print-first) || note "eval: $out"
    sample eval.kept "$(awk -v us="$(field p50 "$out")" 'BEGIN { print us / 1000 }')"
    sample eval.kept99 "$(awk -v us="$(field p99 "$out")" 'BEGIN { print us / 1000 }')"
    sample eval.cli "$(repeat 10 moon-cli --data-dir "$data" package eval hello-world 'return 6*7' |
      tr '\n' ' ')"
    sample eval.attach "$(repeat 10 lxc-attach -P "$raw_path" -n "$raw_name" -- \
      /bin/lua_eval 'return 6*7' | tr '\n' ' ')"
  done
  line 'package.eval, kept connection: p50 ms' eval.kept eval.attach 'lxc-attach + LuaJIT'
  line 'package.eval, kept connection: p99 ms' eval.kept99 eval.attach 'lxc-attach + LuaJIT'
  line 'moon-cli package eval: ms' eval.cli eval.attach 'lxc-attach + LuaJIT'
  raw_lxc stop -k
}
