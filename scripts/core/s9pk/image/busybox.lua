--- The programs of an image that has none of its own: one static busybox and links to it.
local errc = require('engine.errc')
local file = require('engine.file')
local root_of = require('core.s9pk.image.root')
local tool = require('core.s9pk.image.tool')

local M = {}

local PLACES = { '/bin/busybox', '/usr/bin/busybox' }
local EXECUTABLE = 493

--- Where this machine's busybox lies.
---@return string? path
---@return engine.Error? err `pack`
function M.find()
  for _, path in ipairs(PLACES) do
    if file.exists(path) then return path end
  end
  return nil, errc.new('pack', 'busybox is not installed',
    { hint = 'apt-get install busybox-static' })
end

local function applets_of(path, wanted)
  if type(wanted) == 'table' then return wanted end
  local listed, err = tool.run('asking busybox', { path, '--list' })
  if not listed then return nil, err end
  local applets = {}
  for name in listed:gmatch('[^\n]+') do
    if name ~= 'busybox' then applets[#applets + 1] = name end
  end
  return applets
end

--- Puts busybox into a root; programs that are there stay. *async*
---@param root string
---@param wanted true|string[] All applets, or these
---@param arch string Of the image
---@return true? ok
---@return engine.Error? err `pack`
---@async
function M.add(root, wanted, arch)
  local machine, unknown = tool.machine()
  if not machine then return nil, unknown end
  if machine ~= arch then
    return nil, errc.new('pack', ('this machine has a busybox for %s and none for %s')
      :format(machine, arch), { hint = 'let the image begin from an archive with its programs' })
  end
  local path, err = M.find()
  if not path then return nil, err end
  local applets, wrong = applets_of(path, wanted)
  if not applets then return nil, wrong end
  local fine, failure = root_of.copy(root, 'bin/busybox', path, EXECUTABLE)
  if not fine then return nil, failure end
  local bin, lost = root_of.resolve(root, 'bin/.')
  if not bin then return nil, lost end
  for _, applet in ipairs(applets) do
    if not file.stat(('%s/%s'):format(bin, applet)) then
      fine, failure = root_of.symlink(root, 'bin/' .. applet, 'busybox')
      if not fine then return nil, failure end
    end
  end
  return true
end

return M
