--- `docs/wire-registry.json`: the versioned name of each method and what it stood for when it was
--- written down. A schema may change only together with its version.
local copy = require('lib.copy')
local names = require('lib.names')

local M = {}

--- The hash of what a client sees of a method: parameters and result.
---@param method lib.rpc.Method
---@param tools {encode: (fun(value: any): string), hash: (fun(text: string): string)}
---@return string hex
function M.hash(method, tools)
  return tools.hash(tools.encode({ params = method.params, result = method.result }))
end

---@param methods lib.rpc.Method[]
---@param tools table
---@return table<string, string> registry wire name → hash
function M.of(methods, tools)
  local registry = {}
  for _, method in ipairs(methods) do
    registry[method.wire] = M.hash(method, tools)
  end
  return registry
end

--- One hash of all that a client sees: SHA-256 over `NAME HASH`, a line for each wire name, sorted.
--- Whoever has the names and hashes of `rpc.discover` gets the same.
---@param methods lib.rpc.Method[]
---@param tools table
---@return string hex
function M.digest(methods, tools)
  local registry, lines = M.of(methods, tools), {}
  for i, name in ipairs(names.sorted_keys(registry)) do
    lines[i] = ('%s %s\n'):format(name, registry[name])
  end
  return tools.hash(table.concat(lines))
end

--- What must be mended before `fresh` may take the place of `known`.
---@param known table<string, string>
---@param fresh table<string, string>
---@return string[] problems
function M.compare(known, fresh)
  local problems = {}
  for _, name in ipairs(names.sorted_keys(fresh)) do
    if known[name] and known[name] ~= fresh[name] then
      local version = tonumber(name:match('%.v(%d+)$'))
      problems[#problems + 1] = ('the schema of %s has changed: bump its version: '
        .. "with_metadata('version', %d)"):format(name, version + 1)
    end
  end
  return problems
end

--- The registry as text: names that are gone stay, so that none is used again for something else.
---@param known table<string, string>
---@param fresh table<string, string>
---@return string
function M.document(known, fresh)
  local all, lines = copy.merged(known, fresh), {}
  for i, name in ipairs(names.sorted_keys(all)) do
    lines[i] = ('  "%s": "%s"'):format(name, all[name])
  end
  return '{\n' .. table.concat(lines, ',\n') .. '\n}\n'
end

return M
