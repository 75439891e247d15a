--- Procedures of a package by their path: `/backup/create`, `/actions/{name}/getInput`,
--- `/actions/{name}/run`.
local M = {}

--- Paths of older packages: accepted, without effect.
local LEFTOVERS = { ['/packageInit'] = true, ['/packageUninit'] = true, ['/backup/restore'] = true }

local function nothing() return nil end

local function create_backup(exports)
  if not exports.create_backup then
    return nil, { code = 'backup', message = 'this package makes no backups',
      hint = "return create_backup = sdk.backup.volumes{ 'main' } from init.lua" }
  end
  return function(args) return exports.create_backup(args) end
end

local function action_step(exports, name, step)
  local action = exports.actions and exports.actions:find(name)
  if not action then
    return nil, { code = 'not_found', message = ("there is no action '%s'"):format(name) }
  end
  if step == 'getInput' then
    return function(args, input) return action:get_input(args, input and input.prefill) end
  end
  return function(args, input) return action:run(args, input and input.input) end
end

--- The function behind a path: `fn({effects, event_id}, input)`.
---@param exports table
---@param path string
---@return function? fn
---@return engine.Error? err `invalid_params`, `not_found`, `backup`
function M.find(exports, path)
  if LEFTOVERS[path] then return nothing end
  if path == '/backup/create' then return create_backup(exports) end
  local name, step = path:match('^/actions/([^/]+)/([^/]+)$')
  if step == 'getInput' or step == 'run' then return action_step(exports, name, step) end
  return nil, { code = 'invalid_params', message = ("there is no procedure '%s'"):format(path),
    hint = '/backup/create, /actions/{name}/getInput or /actions/{name}/run' }
end

return M
