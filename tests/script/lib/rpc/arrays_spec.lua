local arrays = require('lib.rpc.arrays')
local json = require('engine.json')
local t = require('lib.rpc').types

local function marked(schema, value)
  local mark = arrays.marker(schema, json.array)
  return json.encode(mark and mark(value) or value)
end

local list = t.array(t.string)

describe('an empty array', function()
  it('is one wherever the schema wants it', function()
    expect(marked(list, {})):equals('[]')
    expect(marked(t.array(list), { {}, { 'a' } })):equals('[[],["a"]]')
    expect(marked(t.map{ of = list }, { a = {}, b = { 'x' } })):equals('{"a":[],"b":["x"]}')
    expect(marked(t.object{ fields = { a = list, b = t.object{ fields = { c = list } },
      d = t.optional(list), e = t.map{ of = t.string } } }, { a = {}, b = { c = {} }, e = {} }))
      :equals('{"a":[],"b":{"c":[]},"e":{}}')
    expect(marked(t.tagged{ tag = 'k', variants = { l = t.object{ fields = { a = list } },
      o = t.object{ fields = { a = t.map } } } }, { k = 'l', a = {} })):equals('{"a":[],"k":"l"}')
    expect(marked(t.array, {})):equals('[]')
  end)

  it('of a handler leaves its constants as they are', function()
    local NONE = {}
    local mark = arrays.result_marker(t.object{ fields = { l = list, m = t.map{ of = list } } },
      json.array)
    expect(json.encode(mark({ l = NONE, m = { a = NONE } }))):equals('{"l":[],"m":{"a":[]}}')
    expect(json.encode(NONE)):equals('{}')
    expect(json.encode(arrays.result_marker(list, json.array)(NONE))):equals('[]')
    expect(json.encode(NONE)):equals('{}')
    expect(arrays.result_marker(nil, json.array)):is_nil()
  end)

  it('is not looked for where there is none', function()
    for _, schema in ipairs({ t.string, t.any, t.json, t.map, t.map{ of = t.integer },
      t.object{ fields = { a = t.string } }, t.union{ t.string, list } }) do
      expect(arrays.marker(schema, json.array)):is_nil()
    end
  end)

  it('is left alone when it is something else', function()
    expect(marked(t.object{ fields = { a = t.nullable(list), b = list } },
      { a = json.null, b = json.raw('[]') })):equals('{"a":null,"b":[]}')
  end)
end)
