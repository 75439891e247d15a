--- Empty arrays in what scripts give: an empty Lua table says nothing, so where the schema wants an
--- array it is marked as one. Else clients that loop over it would get an object.
local M = {}

---@alias lib.rpc.Marker fun(value: any)

local marker_of

local function fields_marker(fields, mark)
  local markers, any = {}, false
  for key, field in pairs(fields) do
    markers[key] = marker_of(field, mark)
    any = any or markers[key] ~= nil
  end
  if not any then return nil end
  return function(value)
    for key, marker in pairs(markers) do
      local member = value[key]
      if type(member) == 'table' then marker(member) end
    end
  end
end

local function each_marker(of)
  return of and function(value)
    for _, member in pairs(value) do
      if type(member) == 'table' then of(member) end
    end
  end
end

local MARKERS = {
  array = function(options, mark)
    local each = each_marker(options.of and marker_of(options.of, mark))
    return function(value)
      if next(value) == nil then
        mark(value)
      elseif each then
        each(value)
      end
    end
  end,
  map = function(options, mark)
    return each_marker(options.of and marker_of(options.of, mark))
  end,
  object = function(options, mark) return fields_marker(options.fields, mark) end,
  tagged = function(options, mark)
    local markers = {}
    for name, variant in pairs(options.variants) do
      markers[name] = marker_of(variant, mark)
    end
    return next(markers) and function(value)
      local marker = markers[value[options.tag]]
      if marker then marker(value) end
    end
  end,
}

--- Of a union nobody can say which alternative an empty table is.
function marker_of(schema, mark)
  local make = MARKERS[schema.kind]
  return make and make(schema.options, mark) or nil
end

--- A function that marks, in place, the empty arrays of a table that fits the schema; nil where
--- there can be none.
---@param schema lib.rpc.Schema
---@param mark fun(value: table) `engine.json.array`
---@return lib.rpc.Marker?
function M.marker(schema, mark) return marker_of(schema, mark) end

return M
