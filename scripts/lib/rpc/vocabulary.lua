--- What handlers and groups are indexed by: a misspelt word of a chain is a load error that says
--- what was meant, and so is one that was called with a dot.
local fault = require('lib.rpc.fault')
local names = require('lib.names')
local where = require('lib.rpc.where')

local M = {}

local function words_of(class)
  local words = {}
  for _, name in ipairs(names.sorted_keys(class)) do
    if type(class[name]) == 'function' and not name:find('^__') then words[#words + 1] = name end
  end
  return words
end

--- The `__index` of a class.
---@param class table
---@param what string `a handler`
---@param absent table<string, true> Members that need not be there
---@return fun(self: table, key: any): any
function M.index(class, what, absent)
  return function(self, key)
    local found = class[key]
    if found ~= nil or absent[key] then return found end
    local words = words_of(class)
    local meant = names.nearest(tostring(key), words)
    fault.raise(self, ("%s has no '%s'"):format(what, tostring(key)),
      meant and ("did you mean :%s(…)?"):format(meant) or 'it has ' .. table.concat(words, ', '))
  end
end

--- Refuses a method that was called with a dot: then it is not told what it belongs to.
---@param class table
---@param self any
---@param method string
function M.check(class, self, method)
  if getmetatable(self) == class then return end
  fault.raise(where.here() or where.UNKNOWN, ('%s is called with a dot'):format(method),
    ('with a colon: :%s(…)'):format(method))
end

return M
