--- A method that begins a job on the daemon, and the command that follows it to its end: both stand
--- under one name.
local follow = require('core.follow')
local rpc = require('lib.rpc')
local t = rpc.types

local M = {}

--- What such a method answers at once.
M.RESULT = t.object{ fields = { jobId = t.string } }

--- Declares the method.
---@param handler lib.rpc.Handler What it returns is `phases.start`'s
---@param params table
---@return lib.rpc.Handler
function M.method(handler, params)
  return handler
    :with_params(params)
    :with_result(M.RESULT)
    :with_metadata('sync_db', true)
    :with_metadata('audit', true)
    :no_cli()
end

--- Begins a job and shows its progress until it has ended. *async*
---@param call table The call of a CLI handler
---@param method string
---@param params table
---@return any result Of the job
---@return table? err What the method refused, or the job failed with
---@async
function M.run(call, method, params)
  local begun, err = call.ctx.remote(method, params)
  if not begun then return nil, err end
  local job, failure = follow.job(call, begun.jobId)
  if not job then return nil, failure end
  return job.result
end

--- Declares the command.
---@param fn string|fun(call: table, params: table): any, table? The method it runs; or a handler
---@param params table
---@param show fun(params: table, result: any, out: lib.cli.Out) Shows the job's result to people
---@param about string Key of its description
---@return lib.rpc.Handler
function M.command(fn, params, show, about)
  local handler = fn
  if type(fn) == 'string' then
    handler = function(call, given) return M.run(call, fn, given) end
  end
  return rpc.from_fn_async(handler)
    :with_params(params)
    :with_context('CliContext')
    :with_display_serializable()
    :with_custom_display_fn(show)
    :with_about(about)
end

return M
