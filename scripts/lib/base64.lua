--- Base64 (RFC 4648, standard alphabet).
local M = {}

local ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

local VALUES = {}
for i = 1, #ALPHABET do
  VALUES[ALPHABET:byte(i)] = i - 1
end

local function letter(number) return ALPHABET:sub(number + 1, number + 1) end

--- The text of some bytes, padded.
---@param bytes string
---@return string
function M.encode(bytes)
  local out = {}
  for i = 1, #bytes, 3 do
    local a, b, c = bytes:byte(i, i + 2)
    local all = a * 65536 + (b or 0) * 256 + (c or 0)
    out[#out + 1] = letter(math.floor(all / 262144)) .. letter(math.floor(all / 4096) % 64)
      .. (b and letter(math.floor(all / 64) % 64) or '=') .. (c and letter(all % 64) or '=')
  end
  return table.concat(out)
end

-- So many numbers become text at once: each piece is garbage, and a call takes few arguments.
local BLOCK = 3072

--- The bytes of a text, with or without padding; nil when it is no base64.
---@param text string
---@return string?
function M.decode(text)
  local body = text:gsub('=?=$', '')
  if #body % 4 == 1 or (#body ~= #text and #text % 4 ~= 0) then return nil end
  local parts, block, count, bits, held = {}, {}, 0, 0, 0
  for i = 1, #body do
    local value = VALUES[body:byte(i)]
    if not value then return nil end
    bits, held = bits * 64 + value, held + 6
    if held >= 8 then
      held = held - 8
      local rest = 2 ^ held
      count = count + 1
      block[count], bits = math.floor(bits / rest), bits % rest
    end
    if count == BLOCK then
      parts[#parts + 1], count = string.char(unpack(block, 1, count)), 0
    end
  end
  if bits ~= 0 then return nil end  -- two texts for the same bytes
  parts[#parts + 1] = string.char(unpack(block, 1, count))
  return table.concat(parts)
end

return M
