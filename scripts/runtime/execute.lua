--- Running one procedure: its context, its time limit, its end.
local effects = require('runtime.effects')
local journal = require('runtime.journal')
local loop = require('engine.loop')
local procedure = require('runtime.procedure')
local registry = require('runtime.registry')
local system = require('runtime.system')

local M = {}

--- What the caller of a procedure that did not end by itself is told.
local function verdict(entry, limit, err)
  if entry.cancelled then
    return { code = 'cancelled', message = entry.procedure .. ' was cancelled' }
  end
  if limit and loop.now() - entry.began >= limit then
    return { code = 'timeout',
      message = ('%s did not end within %g s'):format(entry.procedure, limit) }
  end
  return err
end

--- Runs `fn(args)` as a task under `limit` in a context of its own, which ends with it. *async*
---@param request {id: string, procedure: string, limit: number?, slice: number?}
---@param fn fun(args: {effects: table, event_id: string}): any, any
---@return any result
---@return engine.Error? err
function M.run(request, fn)
  local scope = system.root():child(request.procedure .. '#' .. request.id, request.id)
  local entry = { id = request.id, procedure = request.procedure, began = loop.now() }
  entry.task = loop.spawn(function()
    return fn({ effects = effects.of(scope), event_id = request.id })
  end, { name = request.procedure, deadline = request.limit, slice = request.slice })
  registry.add(entry)
  local result, err = entry.task:join()
  registry.remove(entry)
  local problem = verdict(entry, request.limit, err)
  -- Its processes and watchers end with it; the caller need not wait for that.
  loop.spawn(function() scope:leave() end, { name = 'leave ' .. request.procedure })
  if problem then return nil, problem end
  return result
end

--- The method `execute`. *async*
---@param params {id: string, procedure: string, input: any, timeout: number?}
function M.execute(params)
  local ready, not_ready = system.ready()
  if not ready then return nil, not_ready end
  local fn, err = procedure.find(system.package().exports, params.procedure)
  if not fn then return nil, err end
  local result, problem = M.run({ id = params.id, procedure = params.procedure,
    limit = params.timeout and params.timeout / 1000 },
    function(args) return fn(args, params.input) end)
  -- What the caller did wrong is no news to the service; a script that fails is.
  if problem and (problem.debug or problem.code == 'timeout') then
    journal.failure(params.procedure, problem)
  end
  return result, problem
end

return M
