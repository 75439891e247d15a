--- What an author's folder holds, by the names files have there or those the options give.
local archive = require('engine.archive')
local errc = require('engine.errc')
local file = require('engine.file')
local rpc = require('lib.rpc')
local t = rpc.types

local M = {}

--- The parameters of commands that read such a folder.
M.PARAMS = {
  icon = t.optional(t.path{ help = 'help.arg.pack-icon' }),
  license = t.optional(t.path{ help = 'help.arg.pack-license' }),
  instructions = t.optional(t.path{ help = 'help.arg.pack-instructions' }),
  procedures = t.optional(t.path{ help = 'help.arg.pack-procedures' }),
  assets = t.optional(t.path{ conflicts_with = 'noAssets', help = 'help.arg.pack-assets' }),
  noAssets = t.flag{ conflicts_with = 'assets', help = 'help.arg.pack-no-assets' },
  arch = t.array{ of = t.enum{ 'x86_64', 'aarch64', 'riscv64' }, default = {},
    help = 'help.arg.pack-arch' },
}

local function problem(message, hint) return nil, errc.new('pack', message, { hint = hint }) end

local function stem_of(name) return name:match('^(.*)%.[^.]*$') or name end

-- Letter case counts in packages, not in the folder of an author.
local function is_icon(name) return archive.is_icon(name:lower()) end

--- The name of an icon in a package; nil if the extension is not that of an image.
local function icon_name(path)
  local name = 'icon.' .. (path:match('%.([^./]+)$') or ''):lower()
  return archive.is_icon(name) and name or nil
end

local function is_license(name) return stem_of(name):lower() == 'license' end

--- The one file of the folder whose name fits, or nil; an error when there are several.
local function only_file(directory, what, fits)
  local entries, err = file.list(directory)
  if not entries then return nil, err end
  local found
  for _, entry in ipairs(entries) do
    if entry.type ~= 'directory' and fits(entry.name) then
      if found then
        return problem(('there are two %ss: %s and %s'):format(what, found, entry.name), 'keep one')
      end
      found = entry.name
    end
  end
  return found and directory .. '/' .. found
end

--- What an option names must be there.
local function named(path, option)
  if file.exists(path) then return path end
  return problem(('--%s: there is no %s'):format(option, path))
end

local function icon_of(directory, params)
  if params.icon then
    if not icon_name(params.icon) then
      return problem(('--icon: %s has no extension of an image'):format(params.icon),
        'packages take icons such as icon.svg or icon.png')
    end
    return named(params.icon, 'icon')
  end
  local path, err = only_file(directory, 'icon', is_icon)
  if path or err then return path, err end
  return problem('there is no icon', 'add icon.svg or icon.png to the folder')
end

local function license_of(directory, params)
  if params.license then return named(params.license, 'license') end
  local path, err = only_file(directory, 'license', is_license)
  if path or err then return path, err end
  return problem('there is no license', 'add LICENSE.md to the folder')
end

local function instructions_of(directory, params)
  if params.instructions then return named(params.instructions, 'instructions') end
  local path = directory .. '/instructions.md'
  if file.exists(path) then return path end
  return problem('there is no instructions.md', 'it tells people how to use the service')
end

local function procedures_of(directory, params)
  local path = params.procedures or directory .. '/procedures'
  if file.exists(path .. '/init.lua') then return path end
  return problem(('there is no %s/init.lua'):format(params.procedures or 'procedures'),
    'it returns the table of what moonbox runs: init, main, actions, create_backup')
end

---@class core.s9pk.Folder Paths of what is packed
---@field icon string
---@field iconName string Its name in the package
---@field license string
---@field instructions string
---@field procedures string Folder
---@field assets? string Folder; without it the package gets an empty one
---@field noAssets boolean It gets none

--- Finds everything but the manifest and the images. *async*
---@param directory string
---@param params table Of `PARAMS`
---@return core.s9pk.Folder? found
---@return engine.Error? err `pack`
---@async
function M.find(directory, params)
  local err
  local found = { noAssets = params.noAssets == true }
  found.icon, err = icon_of(directory, params)
  if not found.icon then return nil, err end
  found.iconName = icon_name(found.icon)
  found.license, err = license_of(directory, params)
  if not found.license then return nil, err end
  found.instructions, err = instructions_of(directory, params)
  if not found.instructions then return nil, err end
  found.procedures, err = procedures_of(directory, params)
  if not found.procedures then return nil, err end
  if params.assets then
    found.assets, err = named(params.assets, 'assets')
    if not found.assets then return nil, err end
  elseif not params.noAssets and file.exists(directory .. '/assets') then
    found.assets = directory .. '/assets'
  end
  return found
end

return M
