--- A leaf of the handler tree: a function and what the toolkit knows about it.
---
--- The chain has an order, checked while the file loads: parameters, result, contexts and metadata;
--- then `with_inherited`; then the display modifiers; then `with_about`; `with_call_remote` last.
local fault = require('lib.rpc.fault')
local shape = require('lib.rpc.shape')
local vocabulary = require('lib.rpc.vocabulary')
local where = require('lib.rpc.where')

---@class lib.rpc.Handler
---@field kind 'fn'|'async'|'async_local'|'blocking'
---@field fn fun(call: table, params: table, inherited: any): any, any
---@field at lib.rpc.Where Where it was declared
---@field params table<string, lib.rpc.Schema>
---@field result lib.rpc.Schema?
---@field errors string[]?
---@field metadata table<string, any>
---@field contexts string[]? Absent: the context of the parent
---@field open boolean Takes parameters that are not declared
---@field inherit? fun(parent_params: table, inherited: any): any
---@field display 'text'|'none'|'data'|fun(params: table, result: any, out: table)
---@field hidden boolean Not in the CLI
---@field ts {params: string|false, result: string|false}? What TypeScript gets instead
---@field about string?
---@field remote string? The context that calls it remotely
local Handler = {}
-- `children` is what groups are told from handlers by.
Handler.__index = vocabulary.index(Handler, 'a handler', {
  about = true, children = true, contexts = true, errors = true, examples = true, inherit = true,
  remote = true, result = true, ts = true,
})

local M = { Handler = Handler }

local STAGES = { 'with_params/with_result/with_errors/with_context/with_metadata', 'with_inherited',
  'display modifiers', 'with_about', 'with_call_remote' }

--- Enters a stage of the chain, once per method. Gives the handler back: an error finds its place
--- by it.
local function step(self, method, stage, once)
  vocabulary.check(Handler, self, method)
  if stage < self.stage then
    fault.raise(self, ('%s after %s'):format(method, self.last),
      ('move it up, the order is %s'):format(table.concat(STAGES, ', then ')))
  end
  if once ~= false and self.used[method] then
    fault.raise(self, method .. ' is given twice', 'remove one')
  end
  self.stage, self.last, self.used[method] = stage, method, true
  return self
end

---@param kind string
---@param fn function
---@return lib.rpc.Handler
function M.new(kind, fn)
  local at = where.here() or where.UNKNOWN
  if type(fn) ~= 'function' then
    fault.raise(at, ('a handler must be a function, got %s'):format(type(fn)),
      'pass the function itself, declared above the tree')
  end
  return setmetatable({ kind = kind, fn = fn, at = at, params = {}, metadata = {}, used = {},
    open = false,
    display = 'text', hidden = false, stage = 1, last = 'from_fn' }, Handler)
end

--- Declares the parameters: camelCase key → schema. Others are refused, unless it is open.
---@param params table<string, lib.rpc.Schema>
---@param options? {open: boolean}
function Handler:with_params(params, options)
  self.params = shape.params(params, step(self, 'with_params', 1))
  self.open = options ~= nil and options.open == true
  return self
end

--- Declares the result. Calls do not check it: trees that are loaded with `development` do.
---@param schema lib.rpc.Schema
function Handler:with_result(schema)
  local at = step(self, 'with_result', 1)
  self.result = shape.schema(schema, 'with_result', at)
  return self
end

--- Names kinds of errors its callers should expect, besides those of every call.
---@param ... string `not_found`, …
function Handler:with_errors(...)
  self.errors = shape.kinds(step(self, 'with_errors', 1), ...)
  return self
end

--- Names the contexts the handler serves; without it, the context of its parent.
---@param ... string
function Handler:with_context(...)
  self.contexts = shape.contexts(step(self, 'with_context', 1), ...)
  return self
end

--- Attaches a value for middleware and engine to read.
---@param key string
---@param value any
function Handler:with_metadata(key, value)
  local at = step(self, 'with_metadata', 1, false)
  shape.metadata(self.metadata, key, value, at)
  return self
end

--- The handler gets `f(params, inherited)` as its third argument: the parameters of its group, and
--- what that group inherited: the same pair `{ params, inherited }` of the group above it, or what
--- a `with_inherited` there made of it.
---@param f fun(params: table, inherited: any): any
function Handler:with_inherited(f)
  local at = step(self, 'with_inherited', 2)
  self.inherit = shape.callable(f, 'with_inherited', at)
  return self
end

--- RPC only.
function Handler:no_cli()
  step(self, 'no_cli', 3)
  self.hidden = true
  return self
end

local function set_display(self, method, display)
  local at = step(self, method, 3)
  if self.used.no_display and method ~= 'no_display' or
    (method == 'no_display' and self.display ~= 'text') then
    fault.raise(at, 'no_display together with another display', 'keep one of them')
  end
  self.display = display
  return self
end

--- Prints nothing on success.
function Handler:no_display() return set_display(self, 'no_display', 'none') end

--- Prints the result as a table or in the form `--format` asks for.
function Handler:with_display_serializable()
  return set_display(self, 'with_display_serializable', 'data')
end

--- Prints with `fn` unless `--format` asks for data.
---@param fn fun(params: table, result: any, out: lib.cli.Out)
function Handler:with_custom_display_fn(fn)
  set_display(self, 'with_custom_display_fn', fn)
  shape.callable(fn, 'with_custom_display_fn', self)
  return self
end

--- Leaves the method out of the TypeScript declarations.
function Handler:no_ts()
  step(self, 'no_ts', 3)
  self.ts = { params = false, result = false }
  return self
end

--- Declares parameters and result as anything in TypeScript.
function Handler:unknown_ts()
  step(self, 'unknown_ts', 3)
  self.ts = { params = 'any', result = 'any' }
  return self
end

--- Declares parameters and result in TypeScript's own words.
---@param params string
---@param result string
function Handler:custom_ts(params, result)
  local at = step(self, 'custom_ts', 3)
  if type(params) ~= 'string' or type(result) ~= 'string' then
    fault.raise(at, 'custom_ts expects two types', "custom_ts('{ id: string }', 'Blob')")
  end
  self.ts = { params = params, result = result }
  return self
end

--- Help text: a locale key such as `about.package.start`.
---@param key string
function Handler:with_about(key)
  local at = step(self, 'with_about', 4)
  self.about = shape.about(key, at)
  return self
end

--- Commands to show in help and manual, without the name of the program: each is one that works.
---@param ... string `package start hello-world --wait`
function Handler:with_examples(...)
  self.examples = shape.examples(step(self, 'with_examples', 4), ...)
  return self
end

--- Lets a CLI call this method on its daemon. Always last.
---@param context string `CliContext`
function Handler:with_call_remote(context)
  local at = step(self, 'with_call_remote', 5)
  if type(context) ~= 'string' or not context:find('^%u?%a*CliContext$') then
    fault.raise(at, ("with_call_remote('%s')"):format(tostring(context)),
      "only the CLI calls remotely: with_call_remote('CliContext')")
  end
  if self.hidden then
    fault.raise(at, 'with_call_remote after no_cli', 'in the CLI or not: keep one of them')
  end
  self.remote = context
  return self
end

return M
