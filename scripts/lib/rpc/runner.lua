--- The function that serves one method: middleware request hooks → schema check → handler → result
--- check → middleware response hooks. Everything that can be decided at load time is.
local arrays = require('lib.rpc.arrays')
local check = require('lib.rpc.check')
local names = require('lib.names')
local problem_of = require('lib.rpc.problem')

---@class lib.rpc.Response
---@field result any
---@field error table?

---@class lib.rpc.Middleware
---@field name string
---@field keys table<string, lib.rpc.MetadataKey> The metadata it reads
---@field applies? fun(metadata: table): boolean Decided once per method, at load time
---@field request? lib.rpc.RequestHook An answer stops the call
---@field response? lib.rpc.ResponseHook May change the response
---@field after_raise? boolean The response hook runs when the handler raised, too
---@field concerns? fun(call: table): any Where none of the chain says yes, its hooks are left out

---@alias lib.rpc.RequestHook
---| fun(call: table, params: table, metadata: table, method: lib.rpc.Method): lib.rpc.Response?
---@alias lib.rpc.ResponseHook
---| fun(call: table, response: lib.rpc.Response, metadata: table, method: lib.rpc.Method)
---@alias lib.rpc.Runner fun(call: table, params: table): any, any

local M = {}

local function pick(keys, params)
  local out = {}
  for i = 1, #keys do
    out[keys[i]] = params[keys[i]]
  end
  return out
end

--- What a handler inherits: from the root down, each group makes the pair of its own parameters and
--- what it inherited itself; a `with_inherited` puts something else in place of the pair above it.
local function inheritance(leaf)
  local levels, of_leaf = leaf.levels, leaf.handler.inherit
  return function(params)
    local above, inherited = nil, nil
    for i = 1, #levels do
      local level = levels[i]
      if above and level.inherit then
        inherited = level.inherit(above, inherited)
      elseif above then
        inherited = { above, inherited }
      end
      above = pick(level.keys, params)
    end
    return of_leaf(above, inherited)
  end
end

--- The handler with what it inherits, behind the check of its parameters.
---@param leaf lib.rpc.Leaf
---@return fun(call: table, good: table): any, any
function M.body(leaf)
  local fn, parent_keys = leaf.handler.fn, names.sorted_keys(leaf.parent_params)
  local inherit = leaf.handler.inherit and inheritance(leaf)
  if #parent_keys == 0 and not inherit then return fn end
  return function(call, good)
    call.parent_params = pick(parent_keys, good)
    return fn(call, good, inherit and inherit(good))
  end
end

local function closing(spans, span, ...)
  spans.close(span)
  return ...
end

--- The function as a span of a call that somebody follows; without `spans` the function itself.
local function spanned(name, fn, spans)
  if not spans then return fn end
  return function(...) return closing(spans, spans.open(name), fn(...)) end
end

--- Handler behind its schema check, in the cheapest form the declaration allows.
local function checked(leaf, spans)
  local body = spanned('handler', M.body(leaf), spans)
  local check_params = spanned('schema', check.params(leaf), spans)
  return function(call, params)
    local good, problems = check_params(params or {})
    if problems then return nil, problem_of.invalid(problems, 'params', call.locale) end
    return body(call, good)
  end
end

local function with_arrays(run, leaf, array)
  local mark = array and arrays.result_marker(leaf.handler.result, array)
  if not mark then return run end
  return function(call, params)
    local result, err = run(call, params)
    if type(result) == 'table' then result = mark(result) end
    return result, err
  end
end

local function with_result_check(run, leaf)
  local schema = leaf.handler.result
  if not schema then return run end
  local check_result = check.member(schema, true)
  return function(call, params)
    local result, err = run(call, params)
    if result == nil and err ~= nil then return nil, err end
    local _, problems = check_result(result)
    if not problems then return result end
    local wrong = problem_of.invalid(problems, 'result')
    wrong.code, wrong.message = 'internal', leaf.method .. ': ' .. wrong.message
    return nil, wrong
  end
end

local function pass() return nil end

local function resolve_metadata(leaf, known)
  local metadata = {}
  for key, spec in pairs(known) do
    metadata[key] = spec.default
  end
  for key, value in pairs(leaf.metadata) do
    metadata[key] = value
  end
  return metadata
end

local function applies(one, metadata, all)
  if one.concerns and not all then return false end
  return not one.applies or one.applies(metadata)
end

local function select_hooks(chain, metadata, all, spans)
  local hooks = { requests = {}, responses = {}, catches = false }
  for i = #chain, 1, -1 do
    local one = chain[i]
    if one.request and applies(one, metadata, all) then
      hooks.requests[#hooks.requests + 1] =
        spanned('middleware ' .. one.name, one.request, spans)
    end
  end
  for _, one in ipairs(chain) do
    if one.response and applies(one, metadata, all) then
      hooks.responses[#hooks.responses + 1] = spanned('after ' .. one.name, one.response, spans)
      hooks.catches = hooks.catches or one.after_raise == true
    end
  end
  return hooks
end

--- Anything else would be taken for an answer without a result.
local function not_a_response(given, method)
  error(('a middleware of %s answered with a %s, not with a response')
    :format(method.method, type(given)), 0)
end

local function with_requests(run, requests, metadata, method)
  local count = #requests
  if count == 0 then return run end
  return function(call, params)
    for i = 1, count do
      local stop = requests[i](call, params, metadata, method)
      if stop then
        if type(stop) ~= 'table' then not_a_response(stop, method) end
        return stop.result, stop.error
      end
    end
    return run(call, params)
  end
end

local function with_responses(run, responses, metadata, method)
  local count = #responses
  if count == 0 then return run end
  return function(call, params)
    local result, err = run(call, params)
    -- Beside a result nothing counts: `return text:gsub(…)` has a second value.
    if result ~= nil then err = nil end
    local response = { result = result, error = err }
    for i = 1, count do
      responses[i](call, response, metadata, method)
    end
    if response.error ~= nil then return nil, response.error end
    return response.result
  end
end

--- What was raised, with the traceback of where it was: the next who raises it is not its author.
local function raised(value)
  local trace = debug.traceback()
  if type(value) ~= 'table' then
    return { code = 'script', message = tostring(value), debug = trace }
  end
  value.debug = value.debug or trace
  return value
end

--- Shows the response hooks an error that was raised, and raises it again behind them.
local function with_raised(run, responses, metadata, method)
  return with_responses(function(call, params)
    local fine, result, err = xpcall(run, raised, call, params)
    if fine then return result, err end
    local response = { error = result, raised = true }
    for i = 1, #responses do
      responses[i](call, response, metadata, method)
    end
    error(result, 0)
  end, responses, metadata, method)
end

local function with_hooks(run, hooks, metadata, method)
  run = with_requests(run, hooks.requests, metadata, method)
  local finish = hooks.catches and with_raised or with_responses
  return finish(run, hooks.responses, metadata, method)
end

local function concerns_of(chain)
  local concerns = {}
  for _, one in ipairs(chain) do
    concerns[#concerns + 1] = one.concerns
  end
  return concerns
end

---@class lib.rpc.Spans Where the times of a followed call are written down
---@field open fun(name: string): any
---@field close fun(span: any)

---@class lib.rpc.RunnerOptions
---@field chain lib.rpc.Middleware[]
---@field known table<string, lib.rpc.MetadataKey>
---@field method lib.rpc.Method
---@field development boolean
---@field array? fun(): table Makes an empty array: `engine.json.array`
---@field gate boolean? The handler is left out
---@field spans lib.rpc.Spans? Absent: nobody follows the call, and nothing is spent on it

---@param leaf lib.rpc.Leaf
---@param options lib.rpc.RunnerOptions
---@return fun(call: table, params: table): any, any
function M.make(leaf, options)
  local metadata = resolve_metadata(leaf, options.known)
  local run = options.gate and pass
    or with_arrays(checked(leaf, options.spans), leaf, options.array)
  if options.development then run = with_result_check(run, leaf) end
  local hooks = select_hooks(options.chain, metadata, false, options.spans)
  local plain = with_hooks(run, hooks, metadata, options.method)
  local concerns = concerns_of(options.chain)
  if #concerns == 0 then return plain end
  hooks = select_hooks(options.chain, metadata, true, options.spans)
  local full = with_hooks(run, hooks, metadata, options.method)
  return function(call, params)
    for i = 1, #concerns do
      if concerns[i](call) then return full(call, params) end
    end
    return plain(call, params)
  end
end

return M
