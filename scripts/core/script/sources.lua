--- Which script files a command is about: the operator's over the shipped ones, or a folder's.
local errc = require('engine.errc')
local file = require('engine.file')
local files = require('core.script.files')

local M = {}

---@class core.script.Source
---@field name string As tracebacks name it
---@field path string
---@field spec boolean
---@field module string
---@field mine boolean In the overlay

--- Whether `dir` holds scripts in the layout of the shipped ones.
local function is_root(dir)
  for _, name in ipairs({ 'core', 'extensions', 'lib', 'locales', 'middleware', 'service' }) do
    if file.exists(dir .. '/' .. name) then return true end
  end
  return false
end

M.is_root = is_root

local function same_place(a, b)
  local one, other = file.stat(a), file.stat(b)
  return one and other and a:gsub('/+$', '') == b:gsub('/+$', '')
end

--- The roots: `dir` in the overlay's place, or the overlay if it is there. *async*
---@param call table
---@param dir? string
---@return engine.scratch.Roots? roots
---@return engine.Error? err
---@async
function M.roots(call, dir)
  local folders, err = files.folders(call)
  if not folders then return nil, err end
  if dir then
    if not file.exists(dir) then
      return nil, errc.new('usage', ('there is no folder %s'):format(dir))
    end
    if not is_root(dir) then
      return nil, errc.new('usage', ('%s holds no scripts'):format(dir),
        { hint = 'it needs the layout of the shipped ones: extensions/, core/, lib/, …' })
    end
    return { overlay = not same_place(dir, folders.shipped) and dir or nil,
      shipped = folders.shipped }
  end
  return { overlay = file.exists(folders.overlay) and folders.overlay or nil,
    shipped = folders.shipped }
end

local function module_of(name)
  return (name:gsub('%.lua$', ''):gsub('/init$', ''):gsub('/', '.'))
end

local function add_root(list, seen, root, mine)
  local found, err = file.walk(root)
  if not found then return nil, err end
  for _, entry in ipairs(found) do
    local hidden = entry.path:find('^%.') or entry.path:find('/%.')
    if entry.path:find('%.lua$') and not hidden and not seen[entry.path] then
      seen[entry.path] = true
      list[#list + 1] = { name = entry.path, path = root .. '/' .. entry.path,
        spec = entry.path:find('_spec%.lua$') ~= nil, module = module_of(entry.path), mine = mine }
    end
  end
  return true
end

--- Every file of the roots, the overlay's hiding the shipped one of the same name. *async*
---@param roots engine.scratch.Roots
---@return core.script.Source[]? list
---@return engine.Error? err
---@async
function M.list(roots)
  local list, seen = {}, {}
  if roots.overlay then
    local fine, err = add_root(list, seen, roots.overlay, true)
    if not fine then return nil, err end
  end
  local fine, err = add_root(list, seen, roots.shipped, roots.overlay == nil)
  if not fine then return nil, err end
  return list
end

return M
