--- What is wrong with a value, in words.
local null = require('lib.null')
local text = require('lib.text')

---@class lib.rpc.Problem
---@field path string Relative to the checked value: `.packages[2].id`, empty for the value itself
---@field message string
---@field hint string?

local M = {}

-- Whoever sends a million wrong members hears of the first ones.
local MOST_PROBLEMS = 64

-- Of a wrong text, this much is repeated.
local MOST_SHOWN = 40

--- What kind of value it is.
---@param value any
---@return string
function M.describe(value)
  if null.is_null(value) then return 'null' end
  local kind = type(value)
  if kind == 'table' then
    return (getmetatable(value) ~= nil or value[1] ~= nil) and 'an array' or 'an object'
  end
  if kind == 'userdata' then return 'a value out of range' end
  return (kind == 'nil' and 'nothing') or ('a ' .. kind)
end

--- The value itself where it is short and no secret.
---@param value any
---@param schema lib.rpc.Schema
---@return string
function M.got(value, schema)
  if schema.options.secret then return M.describe(value) end
  if type(value) == 'string' then
    return ("'%s'"):format(text.cut(text.one_line(value), MOST_SHOWN))
  end
  return type(value) == 'number' and tostring(value) or M.describe(value)
end

--- A name that a stranger chose, as part of a path.
---@param name any
---@return string
function M.key(name) return text.cut(text.one_line(tostring(name)), MOST_SHOWN) end

--- The answer of a checker that refuses.
---@param message string
---@param hint? string
---@return nil
---@return lib.rpc.Problem[]
function M.fail(message, hint) return nil, { { path = '', message = message, hint = hint } } end

---@param problems lib.rpc.Problem[]?
---@return boolean
function M.enough(problems) return problems ~= nil and #problems >= MOST_PROBLEMS end

---@param expected string
---@param value any
---@return nil
---@return lib.rpc.Problem[]
function M.mismatch(expected, value)
  return M.fail(('expected %s, got %s'):format(expected, M.describe(value)))
end

--- Takes the problems of a member over.
---@param problems lib.rpc.Problem[]?
---@param prefix string Path of the member
---@param more lib.rpc.Problem[]
---@return lib.rpc.Problem[]
function M.append(problems, prefix, more)
  problems = problems or {}
  for i = 1, math.min(#more, MOST_PROBLEMS - #problems) do
    local problem = more[i]
    problem.path = prefix .. problem.path
    problems[#problems + 1] = problem
  end
  return problems
end

---@param count integer
---@param word string
---@return string `1 member`, `2 members`
function M.plural(count, word) return ('%s %s%s'):format(count, word, count == 1 and '' or 's') end

return M
