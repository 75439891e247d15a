--- Backups of volumes: `create_backup = sdk.backup.volumes{ 'main' }`.
local json = require('engine.json')
local world = require('runtime.world')

---@class runtime.Backup
local Backup = {}
Backup.__index = Backup
--- The host calls it as a function.
function Backup:__call(args) return self:create(args) end

local M = {}

--- Seconds between two reports of progress.
local REPORT_EVERY = 0.5

---@class runtime.BackupOptions
---@field before_backup? fun(args: table): any, any
---@field after_backup? fun(args: table): any, any
---@field before_restore? fun(args: table): any, any
---@field after_restore? fun(args: table): any, any

--- Every volume as it is: content, owners, modes, times. The service is stopped meanwhile.
---@param volumes string[]
---@param opts? runtime.BackupOptions
---@return runtime.Backup
function M.volumes(volumes, opts)
  if type(volumes) ~= 'table' or #volumes == 0 then
    error("sdk.backup.volumes{ 'main' } expected", 2)
  end
  return setmetatable({ volumes = volumes, opts = opts or {} }, Backup)
end

local function place(volume) return ('%s/backup/volumes/%s'):format(world.media, volume) end
local function version_file() return world.media .. '/backup/dataVersion.txt' end

local function progress_of(line)
  local files, bytes, total = line:match('^progress (%d+) (%d+) (%d+)$')
  if not files then return nil end
  return { done = tonumber(bytes), total = tonumber(total), units = 'bytes' }
end

--- Copies one tree in a process of its own and tells how far it is. *async*
local function copy(args, phase, from, to)
  local latest
  local process, err = world.ns.copy(from, to, { on_line = function(_stream, line)
    latest = progress_of(line) or latest
  end })
  if not process then return nil, err end
  local reporter = world.loop.spawn(function()
    local told
    while world.loop.sleep(REPORT_EVERY) do
      if latest and latest ~= told and phase then
        told = latest
        args.effects.set_backup_progress({ progress = { overall = latest,
          phases = json.array({ { name = phase, progress = latest } }) } })
      end
    end
  end, { name = 'progress' })
  local exit, problem = process:wait()
  reporter:cancel()
  if not exit then return nil, problem end
  if exit.code == 0 then return true end
  return nil, { code = 'backup', message = exit.err:match('[^\n]+') or 'the copy failed' }
end

local function hook(self, name, args)
  if not self.opts[name] then return true end
  local _, err = self.opts[name](args)
  if err then return nil, err end
  return true
end

local function write_version(args)
  local version, err = args.effects.get_data_version()
  if err then return nil, err end
  if type(version) ~= 'string' then return true end
  return world.file.write(version_file(), version .. '\n')
end

--- Fills `/media/startos/backup`. *async*
---@param args {effects: table}
---@return nil
---@return engine.Error? err
function Backup:create(args)
  local ok, err = hook(self, 'before_backup', args)
  for _, volume in ipairs(self.volumes) do
    if ok then ok, err = copy(args, volume, world.volume(volume), place(volume)) end
  end
  if ok then ok, err = write_version(args) end
  if ok then ok, err = hook(self, 'after_backup', args) end
  if not ok then return nil, err end
  return nil
end

local function restore_version(args)
  local text = world.file.read(version_file())
  local version = text and text:match('%S+')
  if not version then return true end
  local _, err = args.effects.set_data_version({ version = version })
  if err then return nil, err end
  return true
end

--- Puts the volumes back as they were. Called during `init` of kind `restore`. *async*
---@param args {effects: table}
---@return true? ok
---@return engine.Error? err
function Backup:restore(args)
  local ok, err = hook(self, 'before_restore', args)
  for _, volume in ipairs(self.volumes) do
    if ok then ok, err = copy(args, nil, place(volume), world.volume(volume)) end
  end
  if ok then ok, err = restore_version(args) end
  if ok then ok, err = hook(self, 'after_restore', args) end
  if not ok then return nil, err end
  return true
end

return M
