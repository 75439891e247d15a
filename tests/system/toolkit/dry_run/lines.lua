-- Command lines of every command, with what those that call a method of their own name are to send, and
-- what its help has to name.
local arguments = require('lib.rpc.arguments')
local file = require('engine.file')
local json = require('engine.json')
local tree = require('lib.rpc.tree')
local argv = load(file.read(...), '@argv.lua')()

local lines, seen = {}, {}
local function named(leaf)
  local words = {}
  for _, argument in ipairs(arguments.of(leaf.params, 'en_US')) do
    words[#words + 1] = argument.kind == 'positional' and argument.name or argument.long
    words[#words + 1] = argument.short
    words[#words + 1] = argument.help
    words[#words + 1] = argument.kind ~= 'flag' and (argument.default or '') ~= ''
      and ('default: %s'):format(argument.default) or nil
    for _, choice in ipairs(argument.choices or {}) do
      words[#words + 1] = choice
    end
  end
  return json.array(words)
end

for _, leaf in ipairs(tree.leaves(tree.build(require('core'), 'CliContext'))) do
  for _, form in ipairs({ 'least', 'long', 'equals', 'short' }) do
    local words, params = argv.line(leaf, form)
    local line = json.encode({ method = leaf.method, remote = leaf.remote, words = words,
      params = params, named = named(leaf), path = leaf.path })
    if not seen[line] then lines[#lines + 1] = line end
    seen[line] = true
  end
end
return table.concat(lines, '\n')
