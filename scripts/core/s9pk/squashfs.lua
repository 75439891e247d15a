--- Read-only file systems from folders, byte for byte the same each time.
local list = require('lib.list')
local tool = require('core.s9pk.image.tool')

local M = {}

local FLAGS = { '-noappend', '-no-progress', '-quiet', '-no-xattrs', '-comp', 'zstd',
  '-all-time', '0', '-mkfs-time', '0' }

--- Packs a folder. *async*
---@param folder string
---@param output string
---@param opts? {keep_owners?: boolean} Everything belongs to root otherwise
---@return true? ok
---@return engine.Error? err `pack`
---@async
function M.make(folder, output, opts)
  local argv = list.append({ 'mksquashfs', folder, output }, FLAGS)
  if not (opts and opts.keep_owners) then argv[#argv + 1] = '-all-root' end
  -- The variable would contradict -mkfs-time.
  local done, err = tool.run('packing ' .. folder, argv,
    { package = 'squashfs-tools', env = { SOURCE_DATE_EPOCH = false } })
  if not done then return nil, err end
  return true
end

return M
