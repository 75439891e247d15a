local file = require('engine.file')

--- Every Lua file below a folder of the source tree.
local function lua_files(folder, found)
  for _, entry in ipairs(assert(file.list(folder))) do
    local path = folder .. '/' .. entry.name
    if entry.type == 'directory' then
      lua_files(path, found)
    elseif path:find('%.lua$') then
      found[#found + 1] = path
    end
  end
  return found
end

local function required(path)
  local names = {}
  for name in assert(file.read(path)):gmatch("require%(?%s*['\"]([%w_.]+)") do
    names[#names + 1] = name
  end
  return names
end

describe('scripts/lib', function()
  it('requires nothing of the engine and nothing above it', function()
    local wrong = {}
    for _, path in ipairs(lua_files('scripts/lib', {})) do
      for _, name in ipairs(required(path)) do
        if not name:find('^lib%.') and not name:find('^locales%.') and name ~= 'lib.rpc' then
          wrong[#wrong + 1] = path .. ' requires ' .. name
        end
      end
    end
    expect(wrong):equals({})
  end)

  it('is loaded by its own name alone', function()
    for _, path in ipairs(lua_files('scripts/lib', {})) do
      local name = path:gsub('^scripts/', ''):gsub('%.lua$', ''):gsub('/init$', ''):gsub('/', '.')
      expect(type(require(name))):equals('table')
    end
  end)
end)

describe('the rooms of scripts/', function()
  -- What each may use besides itself, and engine modules as package.lua has it.
  local USES = {
    lib = { 'locales' }, locales = {}, store = { 'lib' }, middleware = { 'lib', 'store' },
    service = { 'lib', 'store', 'middleware' }, runtime = { 'lib' }, diagnostic = { 'lib' },
    core = { 'lib', 'store', 'middleware', 'service', 'runtime' },
  }

  it('know only the rooms below them', function()
    local wrong = {}
    for _, entry in ipairs(assert(file.list('scripts'))) do
      local uses = { engine = true, [entry.name] = true }
      for _, name in ipairs(USES[entry.name] or {}) do
        uses[name] = true
      end
      for _, path in ipairs(lua_files('scripts/' .. entry.name, {})) do
        for _, name in ipairs(required(path)) do
          local room = name:match('^[^.]+')
          if USES[room] and not uses[room] then wrong[#wrong + 1] = path .. ' requires ' .. name end
        end
      end
    end
    expect(wrong):equals({})
  end)

  it('are those that are named here', function()
    local there, named = {}, {}
    for _, entry in ipairs(assert(file.list('scripts'))) do
      there[#there + 1] = entry.name
    end
    for name in pairs(USES) do
      named[#named + 1] = name
    end
    table.sort(there)
    table.sort(named)
    expect(named):equals(there)
  end)
end)

describe('package.lua', function()
  local manifest = load(assert(file.read('package.lua')), '@package.lua')()

  it('names every locale there is', function()
    local there = {}
    for _, path in ipairs(lua_files('scripts/locales', {})) do
      there[#there + 1] = path:match('([^/]+)%.lua$')
    end
    local named = { unpack(manifest.locales) }
    table.sort(named)
    table.sort(there)
    expect(named):equals(there)
  end)

  it('lists the engine modules its scripts require', function()
    local wrong = {}
    for folder, modules in pairs(manifest.requires) do
      local allowed = {}
      for _, name in ipairs(modules) do
        allowed[name] = true
      end
      local there = file.exists('scripts/' .. folder)  -- extensions/ is the operator's
      for _, path in ipairs(there and lua_files('scripts/' .. folder, {}) or {}) do
        for _, name in ipairs(required(path)) do
          if name:find('^engine%.') and not allowed[name] then
            wrong[#wrong + 1] = path .. ' requires ' .. name
          end
        end
      end
    end
    expect(wrong):equals({})
  end)
end)
