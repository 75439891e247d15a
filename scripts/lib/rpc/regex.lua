--- Lua patterns as the regular expressions that JSON Schema wants.
local M = {}

local CLASSES = {
  a = 'A-Za-z', d = '0-9', l = 'a-z', u = 'A-Z', w = 'A-Za-z0-9', x = 'A-Fa-f0-9', s = '\\s',
}

-- Whatever a regular expression could take for more than itself.
local SPECIAL = '[%[%]%(%){}%^%$|\\/%.%*%+%?%-]'

local REPEATS = { ['*'] = '*', ['+'] = '+', ['?'] = '?', ['-'] = '*?' }

local function literal(character) return (character:gsub(SPECIAL, '\\%0')) end

--- `%d`, `%.`, …: what stands for it, inside a set or alone; nil where there is nothing.
local function escaped(letter, inside)
  if not letter:find('%a') then return literal(letter) end
  local class = CLASSES[letter:lower()]
  if not class then return nil end
  if letter == letter:lower() then return inside and class or '[' .. class .. ']' end
  return not inside and '[^' .. class .. ']' or nil
end

--- The set that begins at `at` and the position behind it.
local function set_at(pattern, at)
  local out, i = { '[' }, at + 1
  if pattern:sub(i, i) == '^' then
    out[2], i = '^', i + 1
  end
  local first = i
  while i <= #pattern do
    local c = pattern:sub(i, i)
    if c == ']' and i > first then return table.concat(out) .. ']', i + 1 end
    if c == '%' then
      out[#out + 1] = escaped(pattern:sub(i + 1, i + 1), true) or '\0'
      i = i + 2
    elseif c == '-' and i > first and pattern:sub(i + 1, i + 1) ~= ']' then
      out[#out + 1], i = '-', i + 1
    else
      out[#out + 1], i = literal(c), i + 1
    end
  end
end

local function item_at(pattern, i)
  local c = pattern:sub(i, i)
  if c == '[' then return set_at(pattern, i) end
  if c == '%' then return escaped(pattern:sub(i + 1, i + 1), false), i + 2 end
  if c == '.' then return '[^]', i + 1 end
  return literal(c), i + 1
end

--- The regular expression of a Lua pattern; nil where there is none (`%b`, `%f`, captures).
---@param pattern string
---@return string?
function M.of(pattern)
  if pattern:find('[()]') then return nil end
  local out, i, last = {}, 1, #pattern
  if pattern:sub(1, 1) == '^' then
    out[1], i = '^', 2
  end
  while i <= last do
    if pattern:sub(i) == '$' then return table.concat(out) .. '$' end
    local item, after = item_at(pattern, i)
    if not item or item:find('%z') then return nil end
    local times = REPEATS[pattern:sub(after, after)]
    out[#out + 1], i = item .. (times or ''), times and after + 1 or after
  end
  return table.concat(out)
end

return M
