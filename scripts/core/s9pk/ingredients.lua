--- `moon-cli s9pk list-ingredients`: the files a package is packed from, for make.
local errc = require('engine.errc')
local file = require('engine.file')
local rpc = require('lib.rpc')
local t = rpc.types

local FOLDERS = { 'assets', 'images', 'procedures' }

local function is_document(name)
  return name == 'package.lua' or name == 'instructions.md' or name:find('^icon%.%w+$') ~= nil
    or name:lower():match('^[^.]*') == 'license'
end

local function inside(folder, into)
  local entries, err = file.walk(folder)
  if not entries then return nil, err end
  for _, entry in ipairs(entries) do
    if entry.type ~= 'directory' then into[#into + 1] = folder .. '/' .. entry.path end
  end
  return true
end

local function ingredients(_call, params)
  local directory = params.directory
  if not file.exists(directory .. '/package.lua') then
    local what = ('%s is no package folder: it has no package.lua'):format(directory)
    return nil, errc.new('pack', what, { hint = 'begin one with: moon-cli s9pk init DIR' })
  end
  local paths = {}
  for _, entry in ipairs(file.list(directory) or {}) do
    if entry.type == 'file' and is_document(entry.name) then
      paths[#paths + 1] = directory .. '/' .. entry.name
    end
  end
  for _, name in ipairs(FOLDERS) do
    local folder = directory .. '/' .. name
    if file.exists(folder) then
      local fine, err = inside(folder, paths)
      if not fine then return nil, err end
    end
  end
  return paths
end

return rpc.from_fn_async(ingredients)
  :with_params({ directory = t.path{ positional = true, default = '.', absolute = false,
    help = 'help.arg.directory' } })
  :with_context('CliContext')
  :with_custom_display_fn(function(_params, paths, out) out:line(table.concat(paths, ' ')) end)
  :with_about('about.s9pk.list-ingredients')
