--- An editor's language server knows a type when some `---@class` or `---@alias` gives it: one that
--- is misspelt, or gone, completes nothing and is not missed by anybody.
local file = require('engine.file')

local FOLDERS = { 'bindings/meta', 'scripts', 'examples' }
local OPENING = { ['('] = true, ['{'] = true, ['['] = true, ['<'] = true }
local CLOSING = { [')'] = true, ['}'] = true, [']'] = true, ['>'] = true }

--- The type at the start of an annotation's text; what follows are words for people.
local function type_in(text)
  local depth, last = 0, ''
  for at = 1, #text do
    local char = text:sub(at, at)
    if OPENING[char] then depth = depth + 1 end
    if CLOSING[char] then depth = depth - 1 end
    local goes_on = last:find('[|:,]') or text:find('^%s*|', at)
    if char:find('%s') and depth == 0 and not goes_on then return text:sub(1, at - 1) end
    if not char:find('%s') then last = char end
  end
  return text
end

--- What stands where a type is expected in a line, or nothing.
local function type_of(line)
  local tag, rest = line:match('^%s*%-%-%-@(%a+)%s+(.*)$')
  if tag == 'class' then return rest:match(':%s*(.*)$') end
  if tag == 'param' then return type_in(rest:match('^%S+%s+(.*)$') or '') end
  if tag == 'field' then
    return type_in(rest:match('^%[.-%]%??%s+(.*)$') or rest:match('^[^%s%[]+%s+(.*)$') or '')
  end
  if tag == 'return' or tag == 'type' then return type_in(rest) end
  return nil
end

local function each_line(visit)
  for _, folder in ipairs(FOLDERS) do
    for _, entry in ipairs(assert(file.walk(folder))) do
      if entry.path:find('%.lua$') then
        local path, number = folder .. '/' .. entry.path, 0
        for line in (assert(file.read(path)) .. '\n'):gmatch('([^\n]*)\n') do
          number = number + 1
          visit(line, path .. ':' .. number)
        end
      end
    end
  end
end

describe('annotations', function()
  it('name types that are there', function()
    local known, missing = {}, {}
    each_line(function(line)
      local name = line:match('^%s*%-%-%-@class%s+([%w_.]+)')
        or line:match('^%s*%-%-%-@alias%s+([%w_.]+)')
      if name then known[name] = true end
    end)
    each_line(function(line, place)
      local expression = type_of(line)
      for name in (expression or ''):gsub("'[^']*'", ''):gmatch('[%a_][%w_]*%.[%w_.]*[%w_]') do
        if not known[name] then missing[#missing + 1] = place .. ': ' .. name end
      end
    end)
    expect(missing):equals({})
    expect(known['engine.loop.Task']):is_true()
  end)

  it('are read as they are meant', function()
    expect(type_of('---@param opts? a.B For the log')):equals('a.B')
    expect(type_of('---@return {a: x.Y, b: z.W}? rest of.the words')):equals('{a: x.Y, b: z.W}?')
    expect(type_of('---@return a.B | c.D what it.is')):equals('a.B | c.D')
    expect(type_of('---@field made fun(a: b.C): d.E? What.is done')):equals('fun(a: b.C): d.E?')
    expect(type_of('---@class a.B: c.D')):equals('c.D')
    expect(type_of('--- Words such as a.b.')):is_nil()
  end)
end)
