--- The control module: one supervisor task for each installed package.
local access = require('middleware.auth.keeper')
local entry = require('service.entry')
local host = require('service.host')
local log = require('engine.log')
local loop = require('engine.loop')
local lxc = require('engine.lxc')
local notices = require('service.notices')
local recovery = require('service.recovery')
local store = require('engine.store')
local supervisor = require('service.supervisor')

local M = {}

local supervisors = {}
local watch, listener
local retired = false

local function supervise(id)
  if supervisors[id] then
    return
  end
  local each = supervisor.new(id)
  supervisors[id] = each
  loop.spawn(function()
    each:run()
    supervisors[id] = nil
  end, { name = 'supervisor ' .. id })
end

local function supervise_installed()
  for _, id in ipairs(entry.ids()) do
    local current = entry.get(id)
    if current and current.stateInfo.state == 'installed' then
      supervise(id)
    end
  end
end

--- The base image is made ahead, so that the first install does not wait for it.
local function prepare()
  local probe = lxc.probe()
  if probe and probe.works then
    host.base_image()
  end
end

--- Runs with each generation of scripts, on the control loop, until `retire`.
function M.start()
  access.start()
  listener = notices.listen()
  if listener then
    loop.spawn(notices.run, { name = 'notifications' }, listener)
  end
  recovery.run()
  loop.spawn(prepare, { name = 'base image' })
  watch = store.watch('/public/packageData')
  while not retired do
    supervise_installed()
    if not watch:next() then
      break
    end
  end
  log.debug('service', 'the keeper has ended')
end

--- Hands the packages over: each supervisor ends when it is between two transitions.
function M.retire()
  retired = true
  if watch then
    watch:close()
  end
  if listener then
    listener:close()
  end
  for _, each in pairs(supervisors) do
    each:retire()
  end
  access.retire()
end

return M
