--- docs/handlers.md names every type, every method of the chain, and no other.
local file = require('engine.file')
local handler = require('lib.rpc.handler')
local names = require('lib.names')
local parent = require('lib.rpc.parent')
local types = require('lib.rpc.types')

local page = assert(file.read('docs/handlers.md'))

local function section(title)
  local _, last = page:find('\n## ' .. title .. '\n', 1, true)
  return page:sub(last, (page:find('\n## ', last, true) or 0) - 1)
end

describe('docs/handlers.md', function()
  it('has every type', function()
    local named = {}
    for cell in section('Types'):gmatch('\n| (`[^|]*) |') do
      for kind in cell:gmatch('`([%l%d_]+)`') do
        named[kind] = true
      end
    end
    expect(names.sorted_keys(named)):equals(types.KINDS)
  end)

  it('and the annotations for editors have the same types', function()
    local text = assert(file.read('scripts/lib/rpc/types.lua'))
    local annotated = text:match('%-%-%-@class lib%.rpc%.types\n(.-)local M')
    for _, kind in ipairs(types.KINDS) do
      expect({ kind, annotated:find('@field ' .. kind .. ' ', 1, true) ~= nil })
        :equals({ kind, true })
    end
  end)

  it('has every method of handlers and groups', function()
    for name, of in pairs({ handler = handler.Handler, parent = parent.Parent }) do
      for method in pairs(of) do
        if not method:find('^__') then
          local there = page:find('[`%(]' .. method) ~= nil
          expect({ name, method, there }):equals({ name, method, true })
        end
      end
    end
  end)
end)
