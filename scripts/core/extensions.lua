--- What an operator adds without copying a shipped file: `extensions/` of the overlay.
---
---     extensions/handlers/greet.lua           returns a handler: the method `greet`
---     extensions/handlers/garden/water.lua    `garden.water`; the group is made if it is not there
---     extensions/handlers/garden/init.lua     returns a parent: the group `garden` itself
---     extensions/middleware/quota.lua         returns a middleware; it joins the chain
---     extensions/locales/greet.lua            returns { en_US = { ['about.greet'] = '…' }, … }
---
--- The path of a file is the name of the method, `_` standing for `-`. Whatever exists already is
--- a load error and never replaced: to change a shipped handler, put a file of its name and place
--- into the overlay.
local contains = require('lib.list').contains
local fault = require('lib.rpc.fault')
local i18n = require('lib.i18n')
local metadata = require('lib.rpc.metadata')
local module = require('engine.module')
local names = require('lib.names')
local parent = require('lib.rpc.parent')
local rpc = require('lib.rpc')
local shape = require('lib.rpc.shape')
local tree = require('lib.rpc.tree')

local M = {}

local function at(file) return { file = file.name, line = 1 } end

local function segments(name)
  local list = {}
  for segment in name:gmatch('[^.]+') do
    list[#list + 1] = (segment:gsub('_', '-'))
  end
  return list
end

local function add_locale(file, locale, messages)
  if type(messages) ~= 'table' or not i18n.catalog(locale) then
    fault.raise(at(file), ("'%s' is no locale with messages"):format(tostring(locale)),
      'return a table: ' .. table.concat(i18n.LOCALES, ', ') .. ' → { key = text }')
  end
  for key, text in pairs(messages) do
    if type(key) ~= 'string' or type(text) ~= 'string' then
      fault.raise(at(file), ("the message of '%s' in %s is a %s"):format(tostring(key), locale,
        type(text)), "['about.greet'] = 'Greet somebody'")
    end
  end
  local clash = i18n.extend(locale, messages)
  if clash then
    fault.raise(at(file), ("locale key '%s' is there already in %s"):format(clash, locale),
      'rename it; to change a shipped text put a copy of its locale file into the overlay')
  end
end

local function add_locales(file)
  local tables = require(file.module)
  if type(tables) ~= 'table' or type(tables.en_US) ~= 'table' then
    fault.raise(at(file), 'the file has no messages for en_US',
      "return { en_US = { ['about.greet'] = 'Greet somebody' }, de_DE = { … } }")
  end
  for _, locale in ipairs(names.sorted_keys(tables)) do
    add_locale(file, locale, tables[locale])
  end
end

local function group_named(group, name)
  for _, child in ipairs(group.children) do
    if child.name == name and parent.is_parent(child.node) then return child.node end
  end
  return nil
end

--- A group nobody declared; its help has the key its name asks for.
local function make_group(above, path, last, file)
  local group = rpc.parent()
  group.at = at(file)
  group.about = 'about.' .. table.concat(path, '.', 1, last)
  above:subcommand(path[last], group, group.at)
  return group
end

local function add_handler(root, file, path)
  local node, above = require(file.module), root
  for i = 1, #path - 1 do
    above = group_named(above, path[i]) or make_group(above, path, i, file)
  end
  if not (parent.is_parent(node) or parent.is_handler(node)) then
    fault.raise(at(file), ('the file returns a %s, no handler'):format(type(node)),
      'end it with return rpc.from_fn_async(fn):with_…')
  end
  above:subcommand(path[#path], node, node.at)
end

local function add_middleware(root, file)
  local one = shape.middleware(require(file.module), at(file))
  for _, context in ipairs(one.contexts or { 'RpcContext' }) do
    if not contains(tree.contexts(root), context) then
      fault.raise(at(file), ("the tree has no %s"):format(tostring(context)),
        'it has ' .. table.concat(tree.contexts(root), ', '))
    end
    local chain = { unpack(root.middleware[context] or {}) }
    local known = metadata.known_keys(root, context)
    for _, key in ipairs(names.sorted_keys(one.keys or {})) do
      if known[key] then
        fault.raise(at(file), ("metadata '%s' is read by %s already"):format(key,
          known[key].reader or 'the engine'), 'give it another name')
      end
    end
    for _, other in ipairs(chain) do
      if other.name == one.name then
        fault.raise(at(file), ("there is a middleware '%s' already"):format(one.name), 'rename it')
      end
    end
    table.insert(chain, one.outermost and #chain + 1 or 1, one)
    root.middleware[context] = chain
  end
end

--- Merges the overlay's extensions into the tree. Raises a load error.
---@param root lib.rpc.Parent
---@param base? string Prefix of their modules, `extensions.`
---@return lib.rpc.Parent root
function M.apply(root, base)
  base = base or 'extensions.'
  for _, file in ipairs(module.scripts(base .. 'locales.')) do
    add_locales(file)
  end
  for _, file in ipairs(module.scripts(base .. 'middleware.')) do
    add_middleware(root, file)
  end
  local prefix = base .. 'handlers.'
  for _, file in ipairs(module.scripts(prefix)) do
    add_handler(root, file, segments(file.module:sub(#prefix + 1)))
  end
  return root
end

return M
