# What a command costs before and after its work: processor time of moon-cli beside a program that does
# nothing.

# cpu KEY COMMAND…: milliseconds of processor time of one run.
cpu() {
  local key=$1 times
  shift
  mapfile -t times < <(on "$server_cpu" repeat --cpu 20 "$@")
  [ ${#times[@]} = 20 ] || { note "$*: failed" && return 1; }
  sample "$key" "$(printf '%s\n' "${times[@]}" | sort -g | sed -n 10p)"
}

row_cli() {
  local round
  daemon_up cli "$(IFS=, && echo "${processors[*]}")" 1 || return
  # The first run keeps what the others start from, once the scripts are old enough for that.
  until_true 5 test -n "$(cli --version >/dev/null && compgen -G "$HOME/.cache/moonbox/start-*")"
  for ((round = 0; round < rounds; round++)); do
    cpu none true
    cpu version moon-cli --version
    cpu help moon-cli --help
    cpu echo moon-cli --data-dir "$data" echo hi
    cpu completion moon-cli completion bash
  done
  line 'moon-cli --version: CPU ms' version none 'true'
  line 'moon-cli --help: CPU ms' help none 'true'
  line 'moon-cli echo: CPU ms (at most 6)' echo none 'true'
  line 'moon-cli completion bash: CPU ms' completion none 'true'
}
