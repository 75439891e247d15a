--- Forms of actions (lib.input), with JSON values as the engine knows them.
---
---     sdk.input.spec {
---       { 'greeting', sdk.input.text{ name = 'Greeting', required = true, max_length = 200 } },
---     }
local input = require('lib.input')
local json = require('engine.json')

local function encode(value) return (assert(json.encode(value))) end

---@class runtime.InputSpec
---@field form lib.input.Spec
local Spec = {}
Spec.__index = Spec

local M = setmetatable({}, { __index = input })

--- A form of ordered `{ key, field }` pairs.
---@param pairs_list table
---@return runtime.InputSpec
function M.spec(pairs_list) return setmetatable({ form = input.spec(pairs_list) }, Spec) end

--- The form as a JSON value that keeps the order of its fields.
function Spec:to_json() return (assert(json.raw(self.form:encode(encode)))) end

--- Checks values against the form and fills in defaults, in place.
---@param values table
---@param current? table what the values are now, for fields that must not change
---@return table? checked
---@return engine.Error? err `config_spec_violation`; details: {path, code, message} of each problem
function Spec:check(values, current)
  local checked, err = self.form:check(values, current)
  if checked then return checked end
  for _, problem in ipairs(err.details) do
    json.array(problem.path)
  end
  return nil, err
end

return M
