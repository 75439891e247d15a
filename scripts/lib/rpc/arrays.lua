--- Empty arrays in what scripts give: an empty Lua table says nothing, so where the schema wants an
--- array it is marked as one. Else clients that loop over it would get an object.
local M = {}

--- Gives what stands for the value; members are changed in their places.
---@alias lib.rpc.Marker fun(value: table): table

local marker_of

local function mark_member(value, key, marker)
  local member = value[key]
  if type(member) == 'table' then value[key] = marker(member) end
end

local function fields_marker(fields, mark)
  local markers, any = {}, false
  for key, field in pairs(fields) do
    markers[key] = marker_of(field, mark)
    any = any or markers[key] ~= nil
  end
  if not any then return nil end
  return function(value)
    for key, marker in pairs(markers) do
      mark_member(value, key, marker)
    end
    return value
  end
end

local function each_marker(of)
  return of and function(value)
    for key in pairs(value) do
      mark_member(value, key, of)
    end
    return value
  end
end

local MARKERS = {
  array = function(options, mark)
    local each = each_marker(options.of and marker_of(options.of, mark))
    return function(value)
      if next(value) == nil then return mark(value) end
      return each and each(value) or value
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
      return marker and marker(value) or value
    end
  end,
}

--- Of a union nobody can say which alternative an empty table is.
function marker_of(schema, mark)
  local make = MARKERS[schema.kind]
  return make and make(schema.options, mark) or nil
end

--- A function that marks the empty arrays of a table that fits the schema; nil where there can be
--- none.
---@param schema lib.rpc.Schema
---@param mark fun(value: table): table Gives an array for an empty table; `engine.json.array` makes
---   one of the table itself
---@return lib.rpc.Marker?
function M.marker(schema, mark) return marker_of(schema, mark) end

--- The same for what handlers return. An empty table may be a constant of theirs, which stands for
--- an object elsewhere: it is left as it is, and a new array takes its place.
---@param schema? lib.rpc.Schema
---@param array fun(): table `engine.json.array`
---@return lib.rpc.Marker?
function M.result_marker(schema, array)
  return schema and marker_of(schema, function() return array() end)
end

return M
