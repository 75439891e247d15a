--- Values for people: indented JSON, and Lua values as one would write them.
local names = require('lib.names')
local null = require('lib.null')
local text_lib = require('lib.text')

local M = {}

local function is_array(value) return value[1] ~= nil or getmetatable(value) ~= nil end

local function write(value, indent, encode, out)
  if type(value) ~= 'table' or next(value) == nil then
    out[#out + 1] = (value == nil or null.is_null(value)) and 'null' or encode(value)
    return
  end
  local deeper, array = indent .. '  ', is_array(value)
  local keys = array and value or names.sorted_keys(value)
  out[#out + 1] = array and '[\n' or '{\n'
  for i, key in ipairs(keys) do
    out[#out + 1] = i > 1 and ',\n' .. deeper or deeper
    if not array then out[#out + 1] = encode(key) .. ': ' end
    write(array and key or value[key], deeper, encode, out)
  end
  out[#out + 1] = '\n' .. indent .. (array and ']' or '}')
end

--- Indented JSON. Scalars are written by the engine's encoder, which knows opaque numbers.
---@param value any
---@param encode fun(value: any): string
---@return string
function M.json(value, encode)
  local out = {}
  write(value, '', encode, out)
  return table.concat(out)
end

local WIDTH = 78
local MOST_DEPTH, MOST_MEMBERS, MOST_TEXT = 8, 200, 4000
local ESCAPES = { ['\n'] = '\\n', ['\r'] = '\\r', ['\t'] = '\\t', ['\\'] = '\\\\', ["'"] = "\\'" }

local quote

--- Long text is cut: `print` shows all of it.
function quote(text)
  if #text > MOST_TEXT then
    local first = text:sub(1, MOST_TEXT):gsub('[\192-\247][\128-\191]*$', '')
    return ('%s… (%d bytes)'):format(quote(first), #text)
  end
  local escaped = text:gsub("[%c\\']", function(char)
    return ESCAPES[char] or ('\\%03d'):format(char:byte())
  end)
  return "'" .. text_lib.printable(escaped) .. "'"
end

local function key_text(key, show)
  if type(key) == 'string' and key:find('^[%a_][%w_]*$') then return key end
  return '[' .. show(key) .. ']'
end

local function by_kind(a, b)
  local one, other = type(a), type(b)
  if one ~= other then return one < other end
  if one == 'number' or one == 'string' then return a < b end
  return tostring(a) < tostring(b)
end

--- Keys beyond the list 1…n, in order.
local function further_keys(value, count)
  local keys = {}
  for key in next, value do
    local listed = type(key) == 'number' and key >= 1 and key <= count and key % 1 == 0
    if not listed then keys[#keys + 1] = key end
  end
  table.sort(keys, by_kind)
  return keys
end

local function scalar(value)
  if type(value) == 'string' then return quote(value) end
  if null.is_null(value) then return 'null' end
  if type(value) == 'number' and value % 1 == 0 and math.abs(value) < 2 ^ 53 then
    return ('%d'):format(value)
  end
  if type(value) == 'function' then return '<function>' end
  if type(value) == 'thread' then return '<thread>' end
  local fine, text = pcall(tostring, value)
  return fine and text_lib.printable(text) or ('<%s>'):format(type(value))
end

local lua

local function members(value, state, indent)
  local parts, count = {}, #value
  local function show(member) return lua(member, state, indent .. '  ') end
  for i = 1, math.min(count, MOST_MEMBERS) do
    parts[i] = show(rawget(value, i))
  end
  local further = further_keys(value, count)
  for i = 1, math.min(#further, MOST_MEMBERS - #parts) do
    local key = further[i]
    parts[#parts + 1] = key_text(key, show) .. ' = ' .. show(rawget(value, key))
  end
  local left = count + #further - #parts
  if left > 0 then parts[#parts + 1] = ('… %d more'):format(left) end
  return parts
end

--- Lines of a list: short members share one.
local function lines_of(parts, indent)
  local lines, line = {}, nil
  for _, part in ipairs(parts) do
    local short = #part <= WIDTH / 4 and not part:find('[\n=]')
    if line and short and #indent + #line + 2 + #part < WIDTH then
      line = line .. ', ' .. part
    else
      lines[#lines + 1] = line
      line = part
    end
    if not short then
      lines[#lines + 1], line = line, nil
    end
  end
  lines[#lines + 1] = line
  return lines
end

function lua(value, state, indent)
  if type(value) ~= 'table' then return scalar(value) end
  local meta = getmetatable(value)
  if type(meta) == 'table' and rawget(meta, '__tostring') then return scalar(value) end
  if state.open[value] then return '<cycle>' end
  if next(value) == nil then return '{}' end
  if state.depth >= MOST_DEPTH then return '{…}' end
  state.open[value], state.depth = true, state.depth + 1
  local parts = members(value, state, indent)
  state.open[value], state.depth = nil, state.depth - 1
  local line = '{ ' .. table.concat(parts, ', ') .. ' }'
  if #line + #indent <= WIDTH and not line:find('\n', 1, true) then return line end
  local deeper = indent .. '  '
  local lines = lines_of(parts, deeper)
  return '{\n' .. deeper .. table.concat(lines, ',\n' .. deeper) .. ',\n' .. indent .. '}'
end

--- A value as Lua writes it, over as many lines as it needs. Nothing of the value is called but a
--- `__tostring`.
---@param value any
---@return string
function M.lua(value) return lua(value, { open = {}, depth = 0 }, '') end

return M
