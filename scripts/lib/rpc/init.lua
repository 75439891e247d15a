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
local handler = require('lib.rpc.handler')
local parent = require('lib.rpc.parent')
local types = require('lib.rpc.types')

local M = { types = types }

--- A quick function without waiting; runs at once.
---@param fn fun(call: table, params: table): any, any
---@return lib.rpc.Handler
function M.from_fn(fn) return handler.new('fn', fn) end

--- A function that may wait; runs in a coroutine on the worker the request came in on.
---@param fn fun(call: table, params: table): any, any
---@return lib.rpc.Handler
function M.from_fn_async(fn) return handler.new('async', fn) end

--- A function that may wait and may keep state in upvalues; runs on the control loop.
---@param fn fun(call: table, params: table): any, any
---@return lib.rpc.Handler
function M.from_fn_async_local(fn) return handler.new('async_local', fn) end

--- A function that computes or blocks long; runs on the pool.
---@param fn fun(call: table, params: table): any, any
---@return lib.rpc.Handler
function M.from_fn_blocking(fn) return handler.new('blocking', fn) end

--- A group.
---@return lib.rpc.Parent
function M.parent() return parent.new() end

return M
