-- Command lines of every command, with what those that call a method of their own name are to send.
local file = require('engine.file')
local json = require('engine.json')
local tree = require('lib.rpc.tree')
local argv = load(file.read(...), '@argv.lua')()

local lines, seen = {}, {}
for _, leaf in ipairs(tree.leaves(tree.build(require('core'), 'CliContext'))) do
  for _, form in ipairs({ 'least', 'long', 'equals', 'short' }) do
    local words, params = argv.line(leaf, form)
    local line = json.encode({ method = leaf.method, remote = leaf.remote, words = words,
      params = params })
    if not seen[line] then lines[#lines + 1] = line end
    seen[line] = true
  end
end
return table.concat(lines, '\n')
