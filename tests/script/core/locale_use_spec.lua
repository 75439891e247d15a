--- Every locale key that is used is there, and every key that is there is used. That all locales
--- have the same keys and placeholders is the affair of lib/i18n_spec.lua.
local errc = require('engine.errc')
local file = require('engine.file')
local i18n = require('lib.i18n')
local cli = require('lib.rpc.cli')
local names = require('lib.names')
local parent = require('lib.rpc.parent')
local problem_of = require('lib.rpc.problem')

local manifest = load(assert(file.read('package.lua')), '@package.lua')()
local english = i18n.catalog('en_US')

local function add_help(used, schema)
  local options = schema.options
  if options.help then used[options.help] = true end
  for _, field in pairs(options.fields or {}) do
    add_help(used, field)
  end
end

--- What a node of a tree speaks of, and the nodes below it.
local function add_node(used, node)
  if node.about then used[node.about] = true end
  for _, schema in pairs(node.params) do
    add_help(used, schema)
  end
  if not parent.is_parent(node) then return end
  for _, child in ipairs(node.children) do
    add_node(used, child.node)
  end
  if node.root then add_node(used, node.root) end
end

local function spoken()
  local used = {}
  for _, module in pairs(manifest.entries.trees) do
    add_node(used, require(module))
  end
  for _, row in pairs(errc.kinds) do
    used[row.labelKey] = true
  end
  for name in pairs(problem_of.ENGLISH) do
    used['error.params.' .. name] = true
  end
  for word in pairs(cli.describe(require('core')).labels) do
    local complaint = 'error.cli.' .. word
    used[english[complaint] and complaint or 'help.cli.' .. word] = true
  end
  return used
end

--- Lua files of the shipped scripts, without the locales themselves.
local function sources(folder, found)
  for _, entry in ipairs(assert(file.list(folder))) do
    local path = folder .. '/' .. entry.name
    if entry.type == 'directory' and path ~= 'scripts/locales' then
      sources(path, found)
    elseif path:find('%.lua$') then
      found[path] = assert(file.read(path))
    end
  end
  return found
end

local texts = sources('scripts', {})

--- Keys that stand in the sources as they are, comments aside.
local function written()
  local used = {}
  for path, text in pairs(texts) do
    for line in text:gmatch('[^\n]+') do
      local code = line:gsub('%-%-.*', '')
      -- What stands in brackets is the key of a locale file in an example.
      for key in code:gmatch("[^%[]['\"](%l[%l%d-]*%.[%l%d.-]*[%l%d])['\"]") do
        used[key] = path
      end
    end
  end
  return used
end

local NAMESPACES = { about = true, help = true, error = true }

describe('locale keys', function()
  it('that are used are there', function()
    local missing = {}
    for key in pairs(spoken()) do
      if i18n.is_key(key) and not english[key] then missing[#missing + 1] = key end
    end
    for key, path in pairs(written()) do
      if NAMESPACES[key:match('^%l+')] and not english[key] then
        missing[#missing + 1] = ('%s (%s)'):format(key, path)
      end
    end
    table.sort(missing)
    expect(missing):equals({})
  end)

  it('that are there are used', function()
    local used, idle = written(), {}
    for key in pairs(spoken()) do
      used[key] = true
    end
    for _, key in ipairs(names.sorted_keys(english)) do
      if not used[key] then idle[#idle + 1] = key end
    end
    expect(idle):equals({})
  end)
end)
