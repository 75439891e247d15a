--- Text on a terminal: columns, padding, cutting. Knows UTF-8, wide and combining characters.
local M = {}

-- First and last code point of the ranges that take two columns, and of those that take none.
local WIDE = {
  { 0x1100, 0x115F }, { 0x2E80, 0x303E }, { 0x3041, 0x33FF }, { 0x3400, 0x4DBF },
  { 0x4E00, 0x9FFF }, { 0xA000, 0xA4CF }, { 0xAC00, 0xD7A3 }, { 0xF900, 0xFAFF },
  { 0xFE30, 0xFE6F }, { 0xFF00, 0xFF60 }, { 0xFFE0, 0xFFE6 }, { 0x1F300, 0x1F64F },
  { 0x1F680, 0x1F6FF }, { 0x1F900, 0x1F9FF }, { 0x20000, 0x3FFFD },
}
local NONE = {
  { 0x0300, 0x036F }, { 0x0483, 0x0489 }, { 0x0591, 0x05BD }, { 0x064B, 0x065F },
  { 0x1AB0, 0x1AFF }, { 0x1DC0, 0x1DFF }, { 0x200B, 0x200F }, { 0x20D0, 0x20FF },
  { 0xFE00, 0xFE0F }, { 0xFE20, 0xFE2F }, { 0xE0100, 0xE01EF },
}

local CHARACTER = '[%z\1-\127\194-\244][\128-\191]*'

local function within(ranges, point)
  for i = 1, #ranges do
    if point >= ranges[i][1] and point <= ranges[i][2] then return true end
  end
  return false
end

local LEAD = { { 0xF0, 0xF0 }, { 0xE0, 0xE0 }, { 0xC0, 0xC0 } }

local function code_point(character)
  local point = character:byte()
  for _, lead in ipairs(LEAD) do
    if point >= lead[1] then
      point = point - lead[2]
      break
    end
  end
  for i = 2, #character do
    point = point * 64 + character:byte(i) - 128
  end
  return point
end

local function columns(character)
  if #character == 1 then return 1 end
  local point = code_point(character)
  if within(NONE, point) then return 0 end
  return within(WIDE, point) and 2 or 1
end

--- Columns the text takes. Colour sequences take none.
---@param text string
---@return integer
function M.width(text)
  local plain = text:gsub('\27%[[%d;]*m', '')
  if not plain:find('[\128-\255]') then return #plain end
  local total = 0
  for character in plain:gmatch(CHARACTER) do
    total = total + columns(character)
  end
  return total
end

--- Fills up with blanks to `width` columns.
---@param text string
---@param width integer
---@param right? boolean Text to the right
---@return string
function M.pad(text, width, right)
  local blanks = (' '):rep(width - M.width(text))
  return right and blanks .. text or text .. blanks
end

--- Cuts to at most `width` columns; an ellipsis marks the cut.
---@param text string
---@param width integer At least 1
---@return string
function M.cut(text, width)
  if M.width(text) <= width then return text end
  local kept, used = {}, 0
  for character in text:gmatch(CHARACTER) do
    used = used + columns(character)
    if used > width - 1 then break end
    kept[#kept + 1] = character
  end
  return table.concat(kept) .. '…'
end

--- One line without control characters: what an untrusted text may look like in a table.
---@param text string
---@return string
function M.one_line(text)
  local plain = text:gsub('\r?\n', ' '):gsub('\27%[[%d;]*m', '')
  return (plain:gsub('%c', ' '):gsub('\194[\128-\159]', ' '))
end

local function escaped(control) return ('\\%03d'):format(control:byte(-1)) end

--- Untrusted text of one or more lines: it cannot steer the terminal, and none of its lines looks
--- like one of the program that shows it. Control characters stand as Lua writes them, `\027`;
--- colours are left out.
---@param text string
---@return string
function M.lines(text)
  local plain = text:gsub('\r\n', '\n'):gsub('\27%[[%d;]*m', '')
  plain = plain:gsub('[%z\1-\8\11-\31\127]', escaped):gsub('\194[\128-\159]', escaped)
  return (plain:gsub('\n', '\n  '))
end

local TAIL = '[\128-\191]'
local SEQUENCES = {
  '^[\194-\223]' .. TAIL, '^\224[\160-\191]' .. TAIL, '^[\225-\236\238\239]' .. TAIL:rep(2),
  '^\237[\128-\159]' .. TAIL, '^\240[\144-\191]' .. TAIL:rep(2), '^[\241-\243]' .. TAIL:rep(3),
  '^\244[\128-\143]' .. TAIL:rep(2),
}

local function sequence_at(bytes, at)
  for i = 1, #SEQUENCES do
    local _, last = bytes:find(SEQUENCES[i], at)
    if last then return bytes:sub(at, last) end
  end
  return nil
end

--- Bytes that are no UTF-8 as Lua writes them, `\255`: any value can be shown.
---@param text string
---@return string
function M.printable(text)
  return (text:gsub('[\128-\255]+', function(bytes)
    local out, at = {}, 1
    while at <= #bytes do
      local sequence = sequence_at(bytes, at)
      out[#out + 1] = sequence or ('\\%03d'):format(bytes:byte(at))
      at = at + (sequence and #sequence or 1)
    end
    return table.concat(out)
  end))
end

return M
