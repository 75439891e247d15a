--- The operator's folder of scripts: where it is, and writing to it without taking anything away.
local control = require('engine.daemon_control')
local errc = require('engine.errc')
local file = require('engine.file')
local json = require('engine.json')
local pretty = require('lib.pretty')

local M = {}

--- The overlay of the instance a command is for, and the shipped scripts.
---@param call table
---@return {overlay: string, shipped: string}? folders
---@return engine.Error? err
function M.folders(call)
  local paths, err = control.paths(call.ctx.instance)
  if not paths then return nil, err end
  return { overlay = paths.overlay, shipped = call.ctx.facts.scripts }
end

-- Beside the shipped scripts: the source tree and an installed one look alike.
local function stubs_of(shipped)
  return (shipped:match('^(.*)/[^/]+/*$') or '.') .. '/bindings/meta'
end

--- What tells a Lua language server about engine modules, the toolkit and specs.
---@param shipped string Folder of the shipped scripts
---@return string
function M.luarc(shipped)
  return pretty.json({
    ['$schema'] = 'https://raw.githubusercontent.com/LuaLS/vscode-lua/master/setting/schema.json',
    ['runtime.version'] = 'LuaJIT',
    ['runtime.path'] = json.array({ '?.lua', '?/init.lua' }),
    ['workspace.library'] = json.array({ stubs_of(shipped), shipped }),
    ['workspace.checkThirdParty'] = false,
    ['diagnostics.globals'] = json.array({ 'describe', 'it', 'before_each', 'after_each', 'expect',
      'call', 'clock', 'data_dir', 'eventually' }),
    ['diagnostics.severity'] = { ['undefined-field'] = 'Error' },
  }, json.encode) .. '\n'
end

--- The first of the files that is there already. *async*
---@param folder string
---@param list {name: string, text: string}[]
---@return string?
function M.present(folder, list)
  for _, each in ipairs(list) do
    if file.exists(folder .. '/' .. each.name) then return folder .. '/' .. each.name end
  end
  return nil
end

--- Writes new files; if one is there already nothing is written. *async*
---@param folder string
---@param list {name: string, text: string}[]
---@return string[]? paths
---@return engine.Error? err `duplicate`, or what writing says
---@async
function M.write_new(folder, list)
  local there = M.present(folder, list)
  if there then
    return nil, errc.new('duplicate', ('%s is there already'):format(there),
      { hint = 'edit it, or take another name' })
  end
  local paths = json.array({})
  for _, each in ipairs(list) do
    local path = folder .. '/' .. each.name
    local made, wrong = file.mkdir(path:match('^(.*)/'))
    if made then made, wrong = file.write(path, each.text) end
    if not made then return nil, wrong end
    paths[#paths + 1] = path
  end
  return paths
end

--- The author's `.luarc.json` with the places of this installation, when those of the one it was
--- written by are no more; everything else in it stays as it is. *async*
local function renewed(text, shipped)
  local gone = text:match('"(/[^"\n]*)/bindings/meta"')
  if not gone or file.exists(gone .. '/bindings/meta') then return text end
  local now = { [gone .. '/bindings/meta'] = stubs_of(shipped), [gone .. '/scripts'] = shipped }
  return (text:gsub('"(/[^"\n]*)"', function(path)
    return now[path] and json.encode(now[path])
  end))
end

--- Makes the overlay an editor's workspace: `.luarc.json`; one that is there is kept, but for the
--- places of an installation that has gone. *async*
---@param folders {overlay: string, shipped: string}
---@return string? path Of the file, if it was written now
---@return engine.Error? err
---@async
function M.settle(folders)
  local luarc = { { name = '.luarc.json', text = M.luarc(folders.shipped) } }
  local there = M.present(folders.overlay, luarc)
  if there then
    local text, wrong = file.read(there)
    if not text then return nil, wrong end
    local now = renewed(text, folders.shipped)
    if now == text then return nil end
    local written, failure = file.write(there, now)
    return written and there, failure
  end
  local paths, err = M.write_new(folders.overlay, luarc)
  return paths and paths[1], err
end

return M
