--- Completions of the command line for bash, zsh and fish.
---
--- Commands, options and choices are written down. Ids of packages and the like come from
--- `moon-cli completion values KIND`, which gets 200 ms and is not heard when it fails.
local methods_of = require('lib.rpc.generate.methods')

local M = {}

M.SHELLS = { 'bash', 'zsh', 'fish' }

--- How long the shell waits for values, as `timeout` takes it.
local BUDGET = '0.2'

--- What the shell itself can offer; everything else is asked for.
local FILES = { file = true, directory = true }

local function quoted(text) return "'" .. text:gsub("'", "'\\''") .. "'" end

local function path_of(command) return table.concat(command.words, ' ', 2) end

local HELP = { kind = 'flag', long = '--help', short = '-h' }

--- The arguments of a command and those of every command, as the shell offers them together.
local function arguments(command, globals)
  local list = { unpack(command.node.args) }
  for _, global in ipairs(globals) do
    list[#list + 1] = global
  end
  list[#list + 1] = HELP
  return list
end

local function option_names(list)
  local out = {}
  for _, argument in ipairs(list) do
    if argument.kind ~= 'positional' then
      out[#out + 1] = argument.long
      out[#out + 1] = argument.short
    end
  end
  return out
end

local function patterns(argument)
  return argument.short and argument.long .. '|' .. argument.short or argument.long
end

--- Names of the options that take a value: the words behind them are no commands.
local function valued(tree, globals)
  local seen, out = {}, {}
  for _, command in ipairs(methods_of.commands(tree)) do
    for _, argument in ipairs(arguments(command, globals)) do
      if argument.kind == 'option' and not seen[patterns(argument)] then
        seen[patterns(argument)] = true
        out[#out + 1] = patterns(argument)
      end
    end
  end
  table.sort(out)
  return table.concat(out, '|')
end

local function subcommands(command)
  local list = {}
  for i, child in ipairs(command.node.subcommands) do
    list[i] = child.name
  end
  return list
end

--- What may stand for a value: a shell word for each of the three ways.
local function values(argument, forms)
  if argument.choices then return forms.words(argument.choices) end
  local kind = argument.complete or (argument.type == 'path' and 'file') or nil
  if not kind then return nil end
  return FILES[kind] and forms[kind] or forms.ask(kind)
end

local BASH_FORMS = {
  words = function(list)
    return ('words=%s'):format(quoted(table.concat(list, ' ')))
  end,
  file = 'files=-f', directory = 'files=-d',
  ask = function(kind) return ('words=$(_moon_cli_values %s)'):format(kind) end,
}

local BASH = [==[
# bash completion of %{program}. Made by `%{program} completion bash`.
_moon_cli_values() {
  timeout %{budget} %{program} "${globals[@]}" completion values "$1" 2>/dev/null
}

_moon_cli() {
  local path= words= files= option= word i position=0 globals=()
  local current=${COMP_WORDS[COMP_CWORD]}
  [ "$current" != = ] || current=
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    [ "$word" != = ] || continue
    if [ -n "$option" ]; then
      case $option in --data-dir | --instance) globals+=("$option" "$word") ;; esac
      option=
      continue
    fi
    case $word in
      %{valued}) option=$word ;;
      -*) ;;
      *) case "$path $word" in
           %{paths}) path="$path $word" ;;
           *) position=$((position + 1)) ;;
         esac ;;
    esac
  done
  case "$path:$option" in
%{options}
    *)
      if [ -z "$option" ]; then
        [[ $current == -* ]] || case "$path:$position" in
%{positions}
        esac
        case $path in
%{words}
        esac
      fi ;;
  esac
  COMPREPLY=($(compgen $files -W "$words" -- "$current"))
}
complete -o default -F _moon_cli %{program}
]==]

local function fill(text, args)
  return (text:gsub('%%{(%w+)}', function(name) return args[name] end))
end

--- The place of a command: ` package start`, empty for the program itself.
local function key_of(command)
  local path = path_of(command)
  return path == '' and '' or ' ' .. path
end

--- A branch for each spelling of an option that takes a value.
local function add_option(options, key, argument, forms)
  local offer = argument.kind == 'option' and values(argument, forms)
  if not offer then return end
  for name in patterns(argument):gmatch('[^|]+') do
    options[#options + 1] = ("    %s':%s') %s ;;"):format(key, name, offer)
  end
end

local function add_position(positions, key, place, argument, forms)
  local offer = values(argument, forms)
  if not offer then return end
  local shown = (argument.repeated or argument.trailing) and '*' or quoted(tostring(place))
  positions[#positions + 1] = ('%s%s:%s) %s ;;'):format((' '):rep(10), quoted(key), shown, offer)
end

--- Branches of a `case` over path and option, and over path and position.
local function branches(tree, globals, forms)
  local options, positions, words, paths = {}, {}, {}, {}
  for _, command in ipairs(methods_of.commands(tree)) do
    local key, place = key_of(command), 0
    if key ~= '' then paths[#paths + 1] = quoted(key) end
    for _, argument in ipairs(command.node.args) do
      if argument.kind == 'positional' then
        add_position(positions, key, place, argument, forms)
        place = place + 1
      else
        add_option(options, quoted(key), argument, forms)
      end
    end
    words[#words + 1] = { key = key, list = arguments(command, globals), command = command }
  end
  for _, global in ipairs(globals) do
    add_option(options, '*', global, forms)
  end
  return options, positions, words, paths
end

local function bash(tree, globals)
  local indent = (' '):rep(10)
  local options, positions, words, paths = branches(tree, globals, BASH_FORMS)
  for i, entry in ipairs(words) do
    local form = '%s%s)\n%s  case $current in -*) words=%s ;; *) words="$words "%s ;; esac ;;'
    words[i] = form:format(indent, quoted(entry.key), indent,
      quoted(table.concat(option_names(entry.list), ' ')),
      quoted(table.concat(subcommands(entry.command), ' ')))
  end
  return fill(BASH, {
    program = tree.name, budget = BUDGET, valued = valued(tree, globals),
    paths = table.concat(paths, ' | '), options = table.concat(options, '\n'),
    positions = table.concat(positions, '\n'), words = table.concat(words, '\n'),
  })
end

local ZSH_FORMS = {
  words = function(list) return ('compadd -- %s'):format(table.concat(list, ' ')) end,
  file = '_files', directory = '_files -/',
  ask = function(kind) return ('compadd -- $(_moon_cli_values %s)'):format(kind) end,
}

local ZSH = [==[
#compdef %{program}
# zsh completion of %{program}. Made by `%{program} completion zsh`.
_moon_cli_values() {
  timeout %{budget} %{program} "${globals[@]}" completion values "$1" 2>/dev/null
}

_moon_cli() {
  local path_= option= word i position=0
  local -a globals offered
  for ((i = 2; i < CURRENT; i++)); do
    word=${words[i]}
    if [[ -n $option ]]; then
      case $option in (--data-dir|--instance) globals+=("$option" "$word") ;; esac
      option=
      continue
    fi
    case $word in
      (%{valued}) option=$word ;;
      (-*) ;;
      (*) case "$path_ $word" in
            (%{paths}) path_="$path_ $word" ;;
            (*) ((position++)) ;;
          esac ;;
    esac
  done
  case "$path_:$option" in
%{options}
    (*)
      if [[ -z $option ]]; then
        [[ $PREFIX == -* ]] || case "$path_:$position" in
%{positions}
        esac
        case $path_ in
%{words}
        esac
      fi ;;
  esac
}

if [[ $funcstack[1] == _%{program} ]]; then
  _moon_cli "$@"
else
  compdef _moon_cli %{program}
fi
]==]

--- `name:what it does`, as `_describe` takes it.
local function described(name, help)
  return quoted(name .. ':' .. help:gsub('[:\\]', '\\%0'))
end

local function parenthesised(lines)
  for i, line in ipairs(lines) do
    lines[i] = line:gsub("^( *)(['*])", '%1(%2', 1)
  end
  return table.concat(lines, '\n')
end

local function zsh_words(entry, indent)
  local commands, flags = {}, {}
  for i, child in ipairs(entry.command.node.subcommands) do
    commands[i] = described(child.name, child.about)
  end
  for _, argument in ipairs(entry.list) do
    for _, name in ipairs({ argument.long or false, argument.short or false }) do
      if name and argument.kind ~= 'positional' then
        flags[#flags + 1] = described(name, argument.help or '')
      end
    end
  end
  local inner = indent .. '  '
  return table.concat({
    indent .. '(' .. quoted(entry.key) .. ')',
    inner .. 'if [[ $PREFIX == -* ]]; then',
    inner .. '  offered=(' .. table.concat(flags, ' ') .. ')',
    inner .. 'else',
    inner .. '  offered=(' .. table.concat(commands, ' ') .. ')',
    inner .. 'fi',
    inner .. "(( $#offered )) && _describe '' offered ;;",
  }, '\n')
end

local function zsh(tree, globals)
  local indent = (' '):rep(10)
  local options, positions, words, paths = branches(tree, globals, ZSH_FORMS)
  for i, entry in ipairs(words) do
    words[i] = zsh_words(entry, indent)
  end
  return fill(ZSH, {
    program = tree.name, budget = BUDGET, valued = valued(tree, globals),
    paths = table.concat(paths, '|'), options = parenthesised(options),
    positions = parenthesised(positions), words = table.concat(words, '\n'),
  })
end

local FISH_FORMS = {
  words = function(list) return ("-f -a %s"):format(quoted(table.concat(list, ' '))) end,
  file = '-F', directory = "-f -a '(__fish_complete_directories)'",
  ask = function(kind) return ("-f -a '(__moon_cli_values %s)'"):format(kind) end,
}

local FISH = [==[
# fish completion of %{program}. Made by `%{program} completion fish`.
function __moon_cli_values
    timeout %{budget} %{program} (__moon_cli_line globals) completion values $argv[1] 2>/dev/null
end

# What the line says so far: its command path, the number of further words, or the global options.
function __moon_cli_line
    set -l path ''
    set -l option ''
    set -l position 0
    set -l globals
    for word in (commandline -opc)[2..-1]
        if test -n "$option"
            switch $option
                case --data-dir --instance
                    set -a globals $option $word
            end
            set option ''
            continue
        end
        switch $word
            case %{valued}
                set option $word
            case '-*'
            case '*'
                switch "$path $word"
                    case %{paths}
                        set path "$path $word"
                    case '*'
                        set position (math $position + 1)
                end
        end
    end
    switch $argv[1]
        case path
            echo $path
        case position
            echo $position
        case globals
            string join \n -- $globals
    end
end

function __moon_cli_at
    test (__moon_cli_line path) = $argv[1]
end

function __moon_cli_place
    __moon_cli_at $argv[1]; and test (__moon_cli_line position) -ge $argv[2]
    and test (__moon_cli_line position) -le $argv[3]
end

complete -c %{program} -f
%{lines}
]==]

local function fish_text(text)
  return "'" .. text:gsub('\\', '\\\\'):gsub("'", "\\'") .. "'"
end

local function fish_option(program, condition, argument)
  local parts = { ('complete -c %s%s'):format(program, condition) }
  parts[#parts + 1] = '-l ' .. argument.long:sub(3)
  if argument.short then parts[#parts + 1] = '-s ' .. argument.short:sub(2) end
  if argument.help and argument.help ~= '' then
    parts[#parts + 1] = '-d ' .. fish_text(argument.help)
  end
  if argument.kind == 'option' then
    parts[#parts + 1] = '-r ' .. (values(argument, FISH_FORMS) or '-f')
  end
  return table.concat(parts, ' ')
end

local function fish_command(lines, program, command)
  local key, place = key_of(command), 0
  local here = (' -n "__moon_cli_at \'%s\'"'):format(key)
  for _, child in ipairs(command.node.subcommands) do
    lines[#lines + 1] = ('complete -c %s%s -a %s -d %s'):format(program, here, child.name,
      fish_text(child.about))
  end
  for _, argument in ipairs(command.node.args) do
    local offer = values(argument, FISH_FORMS)
    if argument.kind ~= 'positional' then
      lines[#lines + 1] = fish_option(program, here, argument)
    elseif offer then
      local last = (argument.repeated or argument.trailing) and 999 or place
      local form = 'complete -c %s -n "__moon_cli_place \'%s\' %d %d" %s'
      lines[#lines + 1] = form:format(program, key, place, last, offer)
    end
    place = place + (argument.kind == 'positional' and 1 or 0)
  end
end

local function fish(tree, globals)
  local lines, paths = {}, {}
  for _, command in ipairs(methods_of.commands(tree)) do
    if #command.words > 1 then paths[#paths + 1] = quoted(key_of(command)) end
    fish_command(lines, tree.name, command)
  end
  for _, global in ipairs({ HELP, unpack(globals) }) do
    lines[#lines + 1] = fish_option(tree.name, '', global)
  end
  return fill(FISH, {
    program = tree.name, budget = BUDGET, valued = valued(tree, globals):gsub('|', ' '),
    paths = table.concat(paths, ' '), lines = table.concat(lines, '\n'),
  })
end

local MAKERS = { bash = bash, zsh = zsh, fish = fish }

---@param shell 'bash'|'zsh'|'fish'
---@param tree table As `cli.describe` gives it
---@param globals table[] The options of every command
---@return string
function M.script(shell, tree, globals) return MAKERS[shell](tree, globals) end

return M
