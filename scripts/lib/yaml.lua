--- YAML of plain values (JSON's data model), for people to read and tools to parse.
local names = require('lib.names')
local null = require('lib.null')

local M = {}

local WORDS = {
  ['true'] = true, ['false'] = true, ['null'] = true, yes = true, no = true, on = true, off = true,
  y = true, n = true, ['~'] = true, [''] = true,
}

local ESCAPES = { ['"'] = '\\"', ['\\'] = '\\\\', ['\n'] = '\\n', ['\t'] = '\\t', ['\r'] = '\\r' }

--- Line ends and other controls beyond ASCII, by their UTF-8, and how they are written.
local function escape_wide(text)
  text = text:gsub('\194([\128-\159])', function(low) return ('\\x%02x'):format(low:byte()) end)
  text = text:gsub('\226\128([\168\169])', { ['\168'] = '\\u2028', ['\169'] = '\\u2029' })
  return (text:gsub('\239\187\191', '\\ufeff'))
end

--- Only what no reader could take for anything else: words that begin like one.
local function is_plain(text)
  if WORDS[text:lower()] or not text:find('^[%w_/\194-\244]') or text:find('%s$') then
    return false
  end
  if text:find(': ') or text:find(' #') or text:find(':$') or text:find('%c') then return false end
  if escape_wide(text) ~= text then return false end
  -- Dates are more than text to many readers, and so are numbers of other bases.
  if text:find('^%d%d%d%d%-%d') or text:find('^0[box]') then return false end
  return not (tonumber(text) or text:find('^[%d.+-][%d_.:eE+-]*$'))
end

local function quoted(text)
  local escaped = text:gsub('["\\\n\t\r]', ESCAPES):gsub('%c', function(control)
    return ('\\x%02x'):format(control:byte())
  end)
  return '"' .. escape_wide(escaped) .. '"'
end

local function number(value)
  if value ~= value then return '.nan' end
  if value == math.huge then return '.inf' end
  if value == -math.huge then return '-.inf' end
  if value % 1 == 0 and math.abs(value) < 2 ^ 53 then return ('%d'):format(value) end
  local short = ('%.15g'):format(value)
  local text = tonumber(short) == value and short or ('%.17g'):format(value)
  return (text:gsub('^(-?%d+)e', '%1.0e')) -- older readers want the point
end

local function scalar(value)
  local kind = type(value)
  if kind == 'string' then return is_plain(value) and value or quoted(value) end
  if kind == 'number' then return number(value) end
  if value == nil or null.is_null(value) then return 'null' end
  return tostring(value)
end

local function is_array(value) return value[1] ~= nil or getmetatable(value) ~= nil end

local write

local function is_block_text(value)
  return type(value) == 'string' and value:find('\n') and not value:find('[%z\1-\8\11-\31\127]')
    and not value:find('^%s') and escape_wide(value) == value
end

local function block_text(value, indent)
  local tail = value:sub(-1) == '\n' and (value:sub(-2) == '\n\n' and '|+' or '|') or '|-'
  local body = value:gsub('\n$', '')
  local lines = {}
  for line in (body .. '\n'):gmatch('(.-)\n') do
    lines[#lines + 1] = line == '' and '' or indent .. line
  end
  return tail .. '\n' .. table.concat(lines, '\n')
end

--- What follows `key:` or `-`: inline, or on the lines below.
local function member(value, indent, out, lead)
  if type(value) == 'table' and next(value) ~= nil then
    if lead == '-' then
      local start = #out + 1
      write(value, indent .. '  ', out)
      out[start] = indent .. '- ' .. out[start]:sub(#indent + 3)
    else
      out[#out + 1] = lead
      write(value, is_array(value) and indent or indent .. '  ', out)
    end
    return
  end
  local text
  if type(value) == 'table' then
    text = is_array(value) and '[]' or '{}'
  elseif is_block_text(value) then
    text = block_text(value, indent .. '  ')
  else
    text = scalar(value)
  end
  out[#out + 1] = (lead == '-' and indent .. '-' or lead) .. ' ' .. text
end

function write(value, indent, out)
  if is_array(value) then
    for i = 1, #value do
      member(value[i], indent, out, '-')
    end
    return
  end
  for _, key in ipairs(names.sorted_keys(value)) do
    member(value[key], indent, out, indent .. scalar(key) .. ':')
  end
end

--- The value as YAML, with a newline at the end.
---@param value any
---@return string
function M.encode(value)
  if type(value) ~= 'table' or next(value) == nil then
    if type(value) == 'table' then return is_array(value) and '[]\n' or '{}\n' end
    return (is_block_text(value) and block_text(value, '  ') or scalar(value)) .. '\n'
  end
  local out = {}
  write(value, '', out)
  return table.concat(out, '\n') .. '\n'
end

return M
