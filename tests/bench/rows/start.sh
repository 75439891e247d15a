# A container until it answers. Ours is unprivileged, has an overlay over a squashfs, a veth on the
# bridge, limits, mounts of code, images and volumes, and a runtime that has initialised the package;
# the baseline is a busybox in a folder without network.

# rebuild_once: milliseconds from the end of the old container to the new one being initialised.
rebuild_once() {
  local answer begin=''
  coproc CONNECTION { exec nc -U "$socket"; }
  local to=${CONNECTION[1]} from=${CONNECTION[0]} pid=$CONNECTION_PID
  echo '{"jsonrpc":"2.0","id":1,"method":"package.rebuild","params":{"id":"hello-world"}}' >&"$to"
  while read -r -t 30 answer <&"$from"; do
    if [[ $answer =~ '"jobId":"'([a-z0-9]+) ]]; then
      printf '{"jsonrpc":"2.0","id":2,"method":"job.wait","params":{"id":"%s","progress":true}}\n' \
        "${BASH_REMATCH[1]}" >&"$to"
    elif [[ -z $begin && $answer == *Building* && $answer == *'"state":"running"'* ]]; then
      begin=$(now_ms)
    elif [[ $answer == *'"id":2}'* || $answer == *'"error":{'* ]]; then
      break
    fi
  done
  # Where the old container ended before the job could be watched, this round does not count.
  [[ -z $begin ]] || sample start.build "$(since_ms "$begin")"
  [[ $answer == *'"succeeded"'* ]] || note "rebuild: ${answer:-no answer}"
  kill "$pid" 2>/dev/null
  wait "$pid" 2>/dev/null || true
}

answers() { [ "$(timeout 5 moon-cli --data-dir "$data" package eval hello-world 'return 6*7')" = 42 ]; }

raw_start() {
  local begin
  begin=$(now_ms)
  raw_lxc start -d
  raw_lxc wait -s RUNNING -t 10
  sample start.raw "$(since_ms "$begin")"
  raw_lxc stop -k
}

row_start() {
  local round begin
  raw_container
  raw_start || { note 'lxc-start does not work here' && return; }
  samples[start.raw]=
  package_up || return
  for ((round = 0; round < rounds * 3; round++)); do
    rebuild_once
    raw_start
  done
  line 'start, mounts, package initialised: ms' start.build start.raw 'lxc-start busybox + lxc-wait RUNNING'
  for ((round = 0; round < rounds; round++)); do
    until_true 20 answers
    begin=$(now_ms)
    kill -9 "$(package_init)"
    until_true 20 answers && sample start.again "$(since_ms "$begin")"
  done
  line 'PID 1 killed to answering again: ms' start.again start.raw \
    'lxc-start busybox + lxc-wait RUNNING'
}
