--- Read-only file systems from folders, byte for byte the same each time.
local errc = require('engine.errc')
local process = require('engine.process')

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
  local argv = { 'mksquashfs', folder, output }
  for _, flag in ipairs(FLAGS) do
    argv[#argv + 1] = flag
  end
  if not (opts and opts.keep_owners) then argv[#argv + 1] = '-all-root' end
  -- The variable would contradict -mkfs-time.
  local done, err = process.run(argv, { timeout = 600, env = { SOURCE_DATE_EPOCH = false } })
  if not done then
    if err.code ~= 'not_found' then return nil, err end
    return nil, errc.new('pack', 'mksquashfs is not installed',
      { hint = 'apt-get install squashfs-tools' })
  end
  if done.code == 0 then return true end
  return nil, errc.new('pack', ('mksquashfs failed on %s: %s'):format(folder,
    (done.err ~= '' and done.err or done.out):gsub('%s+$', '')))
end

return M
