--- From the tree to what the dispatcher runs: a list of methods and one function for each.
local fault = require('lib.rpc.fault')
local json_schema = require('lib.rpc.json_schema')
local metadata = require('lib.rpc.metadata')
local names = require('lib.names')
local parent = require('lib.rpc.parent')
local rules = require('lib.rpc.rules')
local runner = require('lib.rpc.runner')
local tree = require('lib.rpc.tree')

--- What middleware is told of a method, and more. `params`, `result`, `help` and `errors` are for
--- those who describe methods; the runners of a tree that was described elsewhere have none.
---@class lib.rpc.Method
---@field method string
---@field context string
---@field kind 'fn'|'async'|'async_local'|'blocking'
---@field metadata table<string, any> As declared, nearest the leaf wins
---@field raw_params string[]? Top-level parameters that stay opaque JSON
---@field raw_result boolean
---@field deadline_ms integer? Absent: the server's default
---@field max_params integer? Bytes; absent: what a message may have
---@field read_only boolean
---@field version integer Of params and result
---@field wire string The versioned name: `query:db.dump.v1`, `action:db.put.input.v1`
---@field deprecated boolean
---@field about string? Locale key
---@field params table? JSON Schema
---@field result table? JSON Schema
---@field errors string[]? Kinds besides those of every call
---@field ts {params: string|false, result: string|false}? What TypeScript gets instead
---@field help table<string, string>? Parameter → locale key
---@field file string
---@field line integer

local M = {}

local function raw_params(params)
  local raw = {}
  for _, key in ipairs(names.sorted_keys(params)) do
    if params[key].kind == 'json' and params[key].options.raw then raw[#raw + 1] = key end
  end
  return #raw > 0 and raw or nil
end

local function help_of(params)
  local help = {}
  for key, schema in pairs(params) do
    help[key] = schema.options.help
  end
  return next(help) and help or nil
end

--- The name that also says class and version, for clients of the supervisor's kind. An older
--- version kept beside the present one is the method `NAME-vN`; its wire name differs in the number
--- only.
local function wire_name(leaf)
  local form = leaf.metadata.read_only and 'query:%s.v%d' or 'action:%s.input.v%d'
  local version = leaf.metadata.version or 1
  local name = leaf.method
  local suffix = ('-v%d'):format(version)
  if name:sub(-#suffix) == suffix then name = name:sub(1, -#suffix - 1) end
  return form:format(name, version)
end

local function facts(leaf, context)
  local handler, result = leaf.handler, leaf.handler.result
  local deadline = leaf.metadata.deadline
  return {
    method = leaf.method, context = context, kind = handler.kind, metadata = leaf.metadata,
    raw_params = raw_params(leaf.params),
    raw_result = result ~= nil and result.kind == 'json' and result.options.raw == true,
    deadline_ms = deadline and math.ceil(deadline * 1000) or nil,
    max_params = leaf.metadata.max_params,
    read_only = leaf.metadata.read_only == true, version = leaf.metadata.version or 1,
    wire = wire_name(leaf), deprecated = leaf.metadata.deprecated == true, about = handler.about,
    file = handler.at.file, line = handler.at.line,
  }
end

local function add_schemas(method, leaf)
  local handler = leaf.handler
  method.params = json_schema.params(leaf.params, handler.open)
  method.result = handler.result and json_schema.of(handler.result) or nil
  method.help, method.errors, method.ts = help_of(leaf.params), handler.errors, handler.ts
end

---@class lib.rpc.LoadOptions
---@field development? boolean Results are checked too
---@field described? boolean The same tree was checked and described in another VM already: only the
---   runners are wanted
---@field array? fun(): table Makes an empty array: `engine.json.array`

--- Everything the dispatcher needs for one context. Raises a load error naming file, line, mend.
---@param root lib.rpc.Parent
---@param context string
---@param options? lib.rpc.LoadOptions
---@return {methods: lib.rpc.Method[], runners: table<string, lib.rpc.Runner>}
function M.load(root, context, options)
  options = options or {}
  if not parent.is_parent(root) then
    fault.raise({ file = '?', line = 0 }, 'the tree is no rpc.parent()',
      'the entry module must return one')
  end
  if not options.described then rules.check(root) end
  local chain = root.middleware[context] or {}
  local known = metadata.known_keys(root, context)
  local methods, runners = {}, {}
  for i, leaf in ipairs(tree.leaves(tree.build(root, context))) do
    methods[i] = facts(leaf, context)
    if not options.described then add_schemas(methods[i], leaf) end
    runners[leaf.method] = runner.make(leaf, {
      chain = chain, known = known, method = methods[i], development = options.development == true,
      array = options.array,
    })
  end
  return { methods = methods, runners = runners }
end

local function make_one(root, context, method, options)
  for _, leaf in ipairs(tree.leaves(tree.build(root, context))) do
    if leaf.method == method then
      options.chain = root.middleware[context] or {}
      options.known = metadata.known_keys(root, context)
      options.method, options.development = facts(leaf, context), false
      return runner.make(leaf, options)
    end
  end
  return nil
end

--- A runner of one method that writes its steps down as spans; nil when there is no such method.
---@param root lib.rpc.Parent
---@param context string
---@param method string
---@param spans lib.rpc.Spans
---@param array? fun(): table As of `load`
---@return lib.rpc.Runner?
function M.traced(root, context, method, spans, array)
  return make_one(root, context, method, { spans = spans, array = array })
end

--- A runner of one method that goes through its middleware and no further: whether the caller may
--- call it. Nil when there is no such method.
---@param root lib.rpc.Parent
---@param context string
---@param method string
---@return lib.rpc.Runner?
function M.gate(root, context, method)
  return make_one(root, context, method, { gate = true })
end

return M
