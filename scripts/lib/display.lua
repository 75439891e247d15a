--- Results for people: tables, key/value blocks, lists, progress bars. Everything returns text.
local names = require('lib.names')
local null = require('lib.null')
local text = require('lib.text')
local yaml = require('lib.yaml')

local M = {}

---@class lib.display.Column
---@field key string
---@field title? string Default: the key in upper case
---@field align? 'left'|'right' Default: right when every value is a number

---@class lib.display.Options
---@field width? integer Columns of the terminal; lines are cut to it
---@field color? boolean

local GAP = '  '

local function is_array(value) return value[1] ~= nil or getmetatable(value) ~= nil end

local function is_object(value)
  return type(value) == 'table' and not null.is_null(value) and next(value) ~= nil
    and not is_array(value)
end

--- The shortest faithful text of a scalar; lists of scalars are joined.
---@param value any
---@return string
function M.scalar(value)
  if value == nil or null.is_null(value) then return '-' end
  if type(value) == 'boolean' then return value and 'yes' or 'no' end
  if type(value) == 'number' then return (yaml.encode(value):gsub('\n$', '')) end
  if type(value) ~= 'table' then return tostring(value) end
  if next(value) == nil then return '-' end
  if is_object(value) then return (yaml.encode(value):gsub('\n$', ''):gsub('\n', '; ')) end
  local parts = {}
  for i = 1, #value do
    parts[i] = M.scalar(value[i])
  end
  return table.concat(parts, ', ')
end

local function bold(line, options)
  return options and options.color and '\27[1m' .. line .. '\27[0m' or line
end

local function normalise(columns)
  local out = {}
  for i, column in ipairs(columns) do
    local full = type(column) == 'string' and { key = column } or column
    out[i] = {
      key = full.key, align = full.align,
      title = full.title or names.kebab(full.key):gsub('-', ' '):upper(),
    }
  end
  return out
end

local function measure(columns, rows)
  local cells, widths, right = {}, {}, {}
  for c, column in ipairs(columns) do
    widths[c], right[c] = text.width(column.title), column.align ~= 'left' and #rows > 0
  end
  for r, row in ipairs(rows) do
    cells[r] = {}
    for c, column in ipairs(columns) do
      local value = row[column.key]
      local cell = text.one_line(M.scalar(value))
      cells[r][c], widths[c] = cell, math.max(widths[c], text.width(cell))
      right[c] = right[c] and (column.align == 'right' or type(value) == 'number')
    end
  end
  return cells, widths, right
end

local NARROWEST = 8

--- Takes columns from the widest until the line fits. The first tells the rows apart and is what is
--- typed next: it stays whole as long as it has the line to itself.
local function fit(widths, room)
  local total = (#widths - 1) * #GAP
  for _, width in ipairs(widths) do
    total = total + width
  end
  while total > room do
    local widest
    for c = 2, #widths do
      if not widest or widths[c] > widths[widest] then widest = c end
    end
    if not widest or widths[widest] <= NARROWEST then break end
    widths[widest], total = widths[widest] - 1, total - 1
  end
  widths[1] = math.min(widths[1], room)
end

local function line_of(cells, widths, right)
  local parts = {}
  for c, cell in ipairs(cells) do
    local shown = text.cut(cell, widths[c])
    parts[c] = (c == #cells and not right[c]) and shown or text.pad(shown, widths[c], right[c])
  end
  return (table.concat(parts, GAP):gsub('%s+$', ''))
end

--- A table with a header.
---@param columns (string|lib.display.Column)[]
---@param rows table[]
---@param options? lib.display.Options
---@return string
function M.table(columns, rows, options)
  local full = normalise(columns)
  local cells, widths, right = measure(full, rows)
  if options and options.width then fit(widths, options.width) end
  local titles = {}
  for c, column in ipairs(full) do
    titles[c] = column.title
  end
  local lines = { bold(line_of(titles, widths, right), options) }
  for _, row in ipairs(cells) do
    lines[#lines + 1] = line_of(row, widths, right)
  end
  return table.concat(lines, '\n') .. '\n'
end

--- `title: value` lines with the values in one column; an object has a line per member.
---@param entries {[1]: string, [2]: any}[]
---@return string
function M.block(entries)
  local widest = 0
  for _, entry in ipairs(entries) do
    widest = math.max(widest, text.width(entry[1]))
  end
  local lines = {}
  for i, entry in ipairs(entries) do
    local value = is_object(entry[2]) and yaml.encode(entry[2]):gsub('\n$', '')
      or M.scalar(entry[2])
    value = value:gsub('\n', '\n' .. (' '):rep(widest + 3))
    lines[i] = text.pad(entry[1] .. ':', widest + 1) .. GAP .. value
  end
  return table.concat(lines, '\n') .. '\n'
end

--- One line per member.
---@param values any[]
---@return string
function M.list(values)
  local lines = {}
  for i = 1, #values do
    lines[i] = M.scalar(values[i]) .. '\n'
  end
  return table.concat(lines)
end

local function is_flat(value)
  for _, member in pairs(value) do
    if type(member) == 'table' and next(member) ~= nil
      and not (is_array(member) and type(member[1]) ~= 'table') then
      return false
    end
  end
  return true
end

local function are_flat_objects(values)
  for i = 1, #values do
    if type(values[i]) ~= 'table' or is_array(values[i]) or not is_flat(values[i]) then
      return false
    end
  end
  return true
end

local function table_of(values, options)
  local seen = {}
  for i = 1, #values do
    for key in pairs(values[i]) do
      seen[key] = true
    end
  end
  return M.table(names.sorted_keys(seen), values, options)
end

local function block_of(value)
  local entries = {}
  for i, key in ipairs(names.sorted_keys(value)) do
    entries[i] = { names.kebab(key), value[key] }
  end
  return M.block(entries)
end

--- The form that suits the value: text, table, block, list, else YAML.
---@param value any
---@param options? lib.display.Options
---@return string
function M.value(value, options)
  if value == nil or null.is_null(value) then return '' end
  if type(value) ~= 'table' then
    local shown = type(value) == 'boolean' and tostring(value) or M.scalar(value)
    return shown:sub(-1) == '\n' and shown or shown .. '\n'
  end
  if next(value) == nil then return '' end
  if not is_array(value) then return is_flat(value) and block_of(value) or yaml.encode(value) end
  if are_flat_objects(value) then return table_of(value, options) end
  return type(value[1]) == 'table' and yaml.encode(value) or M.list(value)
end

--- `[######······]  50%`
---@param ratio number? 0 … 1; nil: unknown
---@param width integer Of the bar alone
---@return string
function M.bar(ratio, width)
  if not ratio then return '[' .. ('·'):rep(width) .. ']    ' end
  local clamped = math.max(0, math.min(1, ratio))
  local full = math.floor(clamped * width)
  local filled, rest = ('#'):rep(full), ('·'):rep(width - full)
  return ('[%s%s] %3d%%'):format(filled, rest, math.floor(clamped * 100))
end

local UNITS = { 'KiB', 'MiB', 'GiB', 'TiB' }

--- `1.5 MiB`
---@param count number
---@return string
function M.bytes(count)
  if count < 1024 then return ('%d B'):format(count) end
  local unit, value = 0, count
  repeat
    unit, value = unit + 1, value / 1024
  until value < 1024 or unit == #UNITS
  return (value < 10 and '%.1f %s' or '%.0f %s'):format(value, UNITS[unit])
end

return M
