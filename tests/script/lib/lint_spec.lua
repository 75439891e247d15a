local file = require('engine.file')
local lint = require('lib.lint')

local function world(more)
  local out = { globals = { print = print, string = string, require = require, pairs = pairs },
    modules = function(name)
      if name == 'engine.loop' then return { sleep = true, spawn = true } end
      return name == 'lib.there' or nil
    end,
    allows = function(name) return name ~= 'engine.store' end,
    has_key = function(key) return key == 'about.missing' and 'de_DE' or nil end,
    is_key = function(text) return text:find('^%l+%.%l') ~= nil end }
  for key, value in pairs(more or {}) do
    out[key] = value
  end
  return out
end

--- `line:column message (mend)` of each problem.
local function problems(text, more)
  local out = {}
  for i, problem in ipairs(lint.check(text, world(more))) do
    out[i] = ('%d:%d %s (%s)'):format(problem.line, problem.column, problem.message, problem.mend)
  end
  return out
end

describe('lint', function()
  it('finds names that do not exist, and guesses which was meant', function()
    expect(problems('pritn(1)')):equals({ "1:1 there is no 'pritn' (did you mean 'print'?)" })
    expect(problems('local a = 1\nprint(a + b)')):equals({
      "2:11 there is no 'b' (declare it local, or require its module)" })
    expect(problems('print(string.fromat)')[1]):contains("string has no 'fromat'")
    expect(problems('print(string.frmat)')[1]):contains("did you mean 'format'?")
  end)

  it('finds what would become a global', function()
    expect(problems('x = 1')):equals({
      "1:1 assignment to the global 'x' (declare it: local x)" })
    expect(problems('function f() end')[1]):contains("assignment to the global 'f'")
    expect(problems('local M = {}\nfunction M.f() end\nM.x = 1\nreturn M')):equals({})
  end)

  it('finds what nobody uses', function()
    expect(problems('local x = 1')):equals({
      "1:7 unused variable 'x' (remove it, or call it _x)" })
    expect(problems('local x\nx = 2')):equals({
      "1:7 variable 'x' is written but never read (remove it)" })
    expect(problems('print(function(a, _b, ...) end)')):equals({
      "1:16 unused argument 'a' (remove it, or call it _a)", "1:23 unused '...' (remove it)" })
    expect(problems('for i, v in pairs({}) do print(v) end')):equals({
      "1:5 unused loop variable 'i' (call it _i)" })
    expect(problems('local function f() end')):equals({ "1:16 unused function 'f' (remove it)" })
  end)

  it('finds names that hide others', function()
    expect(problems('local a = 1\nprint(a)\nlocal function f(a) return a end\nprint(f)')):equals({
      "3:18 argument 'a' hides the variable of line 1 (rename one of them)" })
    expect(problems('local a = print\ndo local b = a print(b) end\nlocal b = a print(b)'))
      :equals({})
  end)

  it('knows scopes', function()
    expect(problems('repeat local done = print() until done')):equals({})
    expect(problems('local x = print\nlocal y = x\nreturn { x = y, [y] = 1, y }')):equals({})
    expect(problems('local t = {}\nfunction t:m() return self end\nreturn t')):equals({})
    expect(problems('goto out\n::out::\nreturn ...')):equals({})
    expect(problems('local s = [[\na\n]] -- [==[ x ]==]\nprint(s, 0x1F, 1e-3, .5, 1ULL)'))
      :equals({})
    expect(problems("print 'it\\'s' print \"a\\\nb\" print { 1 }")):equals({})
  end)

  it('checks modules and their fields', function()
    expect(problems("local loop = require('engine.loop')\nloop.slep(1)")):equals({
      "2:6 engine.loop has no 'slep' (did you mean 'sleep'?)" })
    expect(problems("require('lib.there') require('lib.gone')")[1])
      :contains("1:30 there is no module 'lib.gone' (no lib/gone.lua")
    expect(problems("print(require('engine.loop').spawn)")):equals({})
    expect(problems("print(require('engine.store'))", { modules = function() return {} end })[1])
      :contains("may not require 'engine.store'")
  end)

  it('checks locale keys', function()
    local hidden = 'print(x:with_about("about.missing"))'
    expect(problems(hidden, { globals = { print = print, x = {} } }))
      :equals({ "1:20 locale key 'about.missing' is missing in de_DE "
        .. '(add it to the locale files)' })
    expect(problems("print({ help = 'about.missing', other = 'about.missing' })"))
      :has_length(1)
  end)

  it('is silenced for a line', function()
    expect(problems('x = 1 -- luacheck: ignore')):equals({})
  end)

  it('has nothing to say about our own scripts', function()
    local globals = {}
    for name, value in pairs(_G) do
      globals[name] = value
    end
    local found = {}
    for _, entry in ipairs(assert(file.walk('scripts'))) do
      if entry.path:find('%.lua$') then
        local text = assert(file.read('scripts/' .. entry.path))
        for _, problem in ipairs(lint.check(text, { globals = globals })) do
          found[#found + 1] = ('%s:%d: %s'):format(entry.path, problem.line, problem.message)
        end
      end
    end
    expect(found):equals({})
  end)
end)
