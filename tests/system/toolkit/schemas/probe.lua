--- One parameter of every type.
local rpc = require('lib.rpc')
local t = rpc.types

local function optional(types)
  for key, schema in pairs(types) do
    types[key] = schema:with({ optional = true })
  end
  return types
end

return rpc.from_fn(function() return 'taken' end)
  :with_params(optional({
    string = t.string{ min_length = 2, max_length = 4, pattern = '^[%l%d_-]+$' }, text = t.text,
    secret = t.secret{ min_length = 3 }, integer = t.integer{ min = -1, max = 9 },
    number = t.number,
    int64 = t.int64, boolean = t.boolean, flag = t.flag, enum = t.enum{ 'a', 'b' },
    bytes = t.bytes, datetime = t.datetime, path = t.path{ absolute = true }, pointer = t.pointer,
    packageId = t.package_id, guid = t.guid, url = t.url,
    list = t.array{ of = t.integer, min = 1, max = 2 }, map = t.map{ of = t.boolean },
    object = t.object{ fields = { need = t.string, may = t.optional(t.integer) } },
    open = t.object{ open = true, fields = { need = t.string } },
    nullable = t.nullable(t.enum{ 'x' }), union = t.union{ t.integer, t.array(t.string) },
    tagged = t.tagged{ tag = 'type', variants = {
      file = t.object{ fields = { path = t.path } }, none = t.object{ fields = {} },
    } },
    any = t.any, duration = t.duration, size = t.size,
  }))
  :with_result(t.string)
  :with_metadata('authenticated', false)
  :no_cli()
