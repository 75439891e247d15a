--- engine.crypto with a hash that only tells texts apart.
local M = {}

function M.blake3(text)
  local sum = 7
  for i = 1, #text do
    sum = (sum * 31 + text:byte(i)) % 4294967291
  end
  return ('%064x'):format(sum)
end

M.sha256 = M.blake3

return M
