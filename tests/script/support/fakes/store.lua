--- engine.store over one plain table of pointers. Only what core/ uses.
local json = require('engine.json')

local M = { revision = 7, values = {} }

local View = {}
View.__index = View

function View:raw(pointer)
  local value = M.values[pointer]
  if value == nil then return nil, { code = 'not_found', message = pointer .. ' is not there' } end
  return json.raw(json.encode(value))
end

function View:exists(pointer) return M.values[pointer] ~= nil end

function View:put(pointer, value)
  M.values[pointer] = value
  return true
end

function View:revision() return M.revision end

function View:close() M.closed = true end

function M.head() return M.revision end

function M.peek() return setmetatable({}, View) end

function M.mutate(edit)
  local result, err = edit(setmetatable({}, View))
  if result == nil then return nil, err end
  M.revision = M.revision + 1
  return result, { revision = M.revision, changed = true }
end

function M.apply(patch, opts)
  if opts and opts.expect and opts.expect ~= M.revision then
    return nil, { code = 'conflict', message = 'another revision' }
  end
  M.applied = patch
  return { revision = M.revision, changed = true }
end

return M
