--- The rpc toolkit: handlers, parents and schemas.
---
---     local rpc = require('lib.rpc')
---     local t = rpc.types
---
---     return rpc.from_fn(function(_call, params) return params.message end)
---       :with_params({ message = t.string{ positional = true } })
---       :with_result(t.string)
---       :with_about('about.echo')
---       :with_call_remote('CliContext')
local fault = require('lib.rpc.fault')
local handler = require('lib.rpc.handler')
local names = require('lib.names')
local parent = require('lib.rpc.parent')
local types = require('lib.rpc.types')
local where = require('lib.rpc.where')

--- What a handler gets first. Middleware adds what it finds out; docs/scripts.md says when.
---@class lib.rpc.Call
---@field ctx {name: string, package: string?} The context; in commands see core.cli.Context
---@field path string The method: `package.start`
---@field parent_params table<string, any>? Parameters that groups above declare
---@field peer {uid: integer, gid: integer, pid: integer}? At the Unix socket only
---@field transport 'unix'|'http'|'https'|'ws'|'wss'|'tls'
---@field address string? `127.0.0.1:4711`
---@field connection integer?
---@field pushes boolean? Whether the connection takes events: not where each answer has a request
---@field locale string? `de_DE`; see `lib.i18n.say`
---@field deadline number In seconds of `engine.loop.now()`
---@field session {id: string}?
---@field signer string? Public key, PEM
---@field user_agent string?
---@field device table?
---@field http {method: string, path: string, headers: table<string, string>, secure: boolean}?
---@field response {headers: {[1]: string, [2]: string}[]?, patch_sequence: integer?}?
---@field out lib.cli.Out? In commands: what they print with
---@field format string? In commands: `--format`

---@alias lib.rpc.Function fun(call: lib.rpc.Call, params: table, inherited: any): any, any

local M = { types = types }

--- A quick function without waiting; runs at once.
---@param fn lib.rpc.Function
---@return lib.rpc.Handler
function M.from_fn(fn) return handler.new('fn', fn) end

--- A function that may wait; runs in a coroutine on the worker the request came in on.
---@param fn lib.rpc.Function
---@return lib.rpc.Handler
function M.from_fn_async(fn) return handler.new('async', fn) end

--- A function that may wait and may keep state in upvalues; runs on the control loop.
---@param fn lib.rpc.Function
---@return lib.rpc.Handler
function M.from_fn_async_local(fn) return handler.new('async_local', fn) end

--- A function that computes or blocks long; runs on the pool.
---@param fn lib.rpc.Function
---@return lib.rpc.Handler
function M.from_fn_blocking(fn) return handler.new('blocking', fn) end

--- A group.
---@return lib.rpc.Parent
function M.parent() return parent.new() end

return setmetatable(M, { __index = function(_, name)
  fault.raise(where.here() or where.UNKNOWN, ('there is no rpc.%s'):format(tostring(name)),
    fault.meant(tostring(name), names.sorted_keys(M), 'there are'))
end })
