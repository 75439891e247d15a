--- A root file system of the package's own, made from one of its images, with processes in it.
local copy = require('lib.copy')
local effects_of = require('runtime.effects')
local json = require('engine.json')
local list = require('lib.list')
local world = require('runtime.world')

---@class runtime.MountOptions
---@field volume? string one of: a volume of the package,
---@field assets? boolean its assets,
---@field backup? boolean the backup being made or restored
---@field path string where it appears inside
---@field subpath? string only this part of it
---@field readonly? boolean
---@field kind? 'directory'|'file'|'infer' of a part that is missing

---@class runtime.SubcontainerOptions
---@field image string image id of the manifest
---@field name? string in the log; default: the image id
---@field mounts? runtime.MountOptions[]

---@class runtime.ExecOptions
---@field user? string default: the image's
---@field cwd? string default: the image's
---@field env? table<string, string>
---@field input? string for standard input
---@field timeout? number seconds, default 30
---@field log? string write the output to the service's log, under this name

---@class runtime.Subcontainer
---@field image string
---@field name string
local Subcontainer = {}
Subcontainer.__index = Subcontainer

local M = {}

local DEFAULT_TIMEOUT = 30
local ENTRYPOINT = {}

--- A command that is the image's entrypoint with these arguments (default: the image's own).
---@param ... string
function M.use_entrypoint(...)
  return setmetatable({ args = select('#', ...) > 0 and { ... } or nil }, ENTRYPOINT)
end

local function mount_source(mount)
  if mount.volume then return world.volume(mount.volume) end
  if mount.assets then return world.media .. '/assets' end
  if mount.backup then return world.media .. '/backup' end
  error("a mount needs volume = '…', assets = true or backup = true", 4)
end

local function check_mounts(mounts)
  local out, taken = {}, {}
  for i, mount in ipairs(mounts or {}) do
    if type(mount.path) ~= 'string' or mount.path:sub(1, 1) ~= '/' then
      error(('mount %d: path must be absolute'):format(i), 4)
    end
    if taken[mount.path] then error('two mounts at ' .. mount.path, 4) end
    taken[mount.path] = true
    out[i] = { source = mount_source(mount), subpath = mount.subpath, target = mount.path,
      readonly = mount.assets or mount.readonly, kind = mount.kind }
  end
  return out
end

---@param effects table
---@param opts runtime.SubcontainerOptions
---@return runtime.Subcontainer
function M.new(effects, opts)
  local context = effects_of.context(effects)
  if type(opts) ~= 'table' or type(opts.image) ~= 'string' then
    error("sdk.subcontainer(effects, { image = '…' }) expected", 3)
  end
  local sub = setmetatable({ effects = effects, image = opts.image,
    name = opts.name or opts.image, mounts = check_mounts(opts.mounts), made = false },
    Subcontainer)
  -- Now and not when it is first used: what is started later ends earlier.
  context:on_leave(function() sub:destroy() end)
  return sub
end

--- What decides whether a running process still fits after a reload.
function Subcontainer:signature()
  return { image = self.image, name = self.name, mounts = json.array(self.mounts) }
end

local function read_image(image)
  local base = ('%s/images/%s'):format(world.media, image)
  local meta = { workdir = '/', user = 'root', env = {} }
  local text = world.file.read(base .. '.json')
  local decoded = text and json.decode(text)
  for key, value in pairs(decoded or {}) do
    if value ~= json.null then meta[key] = value end
  end
  for line in (world.file.read(base .. '.env') or ''):gmatch('[^\n]+') do
    local name, value = line:match('^([^=]+)=(.*)$')
    if name then meta.env[name] = value end
  end
  return meta
end

local function make(self)
  local made, err = self.effects.subcontainer.create_fs({ imageId = self.image, name = self.name })
  if not made then return nil, err end
  self.guid = made[2]
  local inner, problem = world.ns.subcontainer({ root = made[1], name = self.name,
    mounts = self.mounts, resolv_conf = world.file.read('/etc/resolv.conf') or nil })
  if not inner then return nil, problem end
  self.root, self.inner, self.meta, self.made = made[1], inner, read_image(self.image), true
  return true
end

--- Makes the root, once. *async*
---@return true? ok
---@return engine.Error? err
function Subcontainer:ensure()
  if self.made then return true end
  -- In a task of its own: whoever waits may be cancelled, and then nobody would give back what the
  -- host has made.
  self.making = self.making or world.loop.spawn(function()
    local made, err = make(self)
    self.making = nil
    return made, err
  end, { name = 'subcontainer ' .. self.name })
  return self.making:join()
end

local function argv_of(command, meta)
  if type(command) == 'string' then return { '/bin/sh', '-c', command } end
  if getmetatable(command) ~= ENTRYPOINT then return command end
  return list.append(list.append({}, meta.entrypoint or {}), command.args or meta.cmd or {})
end

local function environment(meta, own)
  local out = {}
  for name, value in pairs(copy.merged(meta.env, own)) do
    out[#out + 1] = name .. '=' .. tostring(value)
  end
  table.sort(out)
  return out
end

--- Starts a program and gives its process. *async*
---@param command string|string[] a string is run by the image's shell
---@param opts? runtime.ExecOptions|{capture: boolean?, leader: boolean?}
---@return engine.ns.Process? process
---@return engine.Error? err
function Subcontainer:spawn(command, opts)
  local ready, err = self:ensure()
  if not ready then return nil, err end
  opts = opts or {}
  local request = { argv = argv_of(command, self.meta), env = environment(self.meta, opts.env),
    directory = opts.cwd or self.meta.workdir, user = opts.user or self.meta.user,
    input = opts.input, log = opts.log, capture = opts.capture }
  if opts.leader then
    self.inner:kill()
    return self.inner:launch(request)
  end
  return self.inner:exec(request)
end

--- Runs a program to its end and gives its output. *async*
---@param command string|string[]
---@param opts? runtime.ExecOptions
---@return engine.ns.Exit? exit whatever its code
---@return engine.Error? err it could not be started, or `timeout` after it was killed
function Subcontainer:exec(command, opts)
  opts = opts or {}
  local request = copy.merged({ capture = true }, opts)
  local process, err = self:spawn(command, request)
  if not process then return nil, err end
  local limit = opts.timeout or DEFAULT_TIMEOUT
  local waiting = world.loop.spawn(function() return process:wait() end,
    { name = 'exec', deadline = limit })
  local exit, problem = waiting:join()
  if exit then return exit end
  process:kill()
  if problem and problem.code == 'timeout' then
    problem = { code = 'timeout', message = ('the command did not end within %g s'):format(limit) }
  end
  return nil, problem
end

--- The same, but an exit code other than 0 is a failure with the command's error output. *async*
---@return string? out
---@return engine.Error? err
function Subcontainer:run(command, opts)
  local exit, err = self:exec(command, opts)
  if not exit then return nil, err end
  if exit.code == 0 then return exit.out end
  local text = exit.err:match('[^\n]+') or exit.out:match('[^\n]+') or 'no output'
  return nil, { code = 'action',
    message = ('the command ended with %d: %s'):format(exit.code, text),
    details = { code = exit.code, out = exit.out, err = exit.err } }
end

--- Writes a file in the root (not on a volume mounted in it). *async*
---@param path string
---@param content string
---@param mode? integer
function Subcontainer:write_file(path, content, mode)
  local ready, err = self:ensure()
  if not ready then return nil, err end
  local full = self.root .. '/' .. path:gsub('^/+', '')
  local made, problem = world.file.mkdir((full:gsub('/[^/]*$', '')))
  if not made then return nil, problem end
  return world.file.write(full, content, mode)
end

--- Ends every process in it and gives its root back. *async*
function Subcontainer:destroy()
  if self.making then self.making:join() end
  if self.inner then self.inner:kill() end
  local guid = self.guid
  self.made, self.inner, self.guid = false, nil, nil
  if not guid then return end
  local _, err = self.effects.subcontainer.destroy_fs({ guid = guid })
  if err then world.log.warn('runtime', 'subcontainer ' .. self.name .. ': ' .. err.message) end
end

return M
