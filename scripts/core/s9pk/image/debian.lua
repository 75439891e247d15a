--- Roots made of Debian packages, by mmdebstrap.
local tool = require('core.s9pk.image.tool')
local file = require('engine.file')

local M = {}

-- Architectures as packages spell them, and as Debian does.
local DEBIAN_ARCH = { x86_64 = 'amd64', aarch64 = 'arm64', riscv64 = 'riscv64' }

-- Names a mirror for all recipes: an address, or a whole line of sources.list, so that images can
-- be built without a network.
local MIRROR = 'MOONBOX_DEBIAN_MIRROR'

-- What differs from run to run, or comes from the machine that packs.
local LEFTOVERS = {
  'etc/hostname', 'etc/machine-id', 'etc/resolv.conf', 'var/cache/ldconfig/aux-cache',
  'var/lib/dbus/machine-id', 'var/log/alternatives.log', 'var/log/apt', 'var/log/bootstrap.log',
  'var/log/dpkg.log',
}

local function remove_leftovers(root)
  for _, path in ipairs(LEFTOVERS) do
    local place = root .. '/' .. path
    if file.stat(place) then
      local fine, err = file.remove(place, { recursive = true })
      if not fine then return nil, err end
    end
  end
  return true
end

--- Installs packages and what they need into a new root. *async*
---@param debian {suite: string, packages?: string[], variant?: string, mirror?: string}
---@param arch string
---@param root string
---@return true? ok
---@return engine.Error? err `pack`
---@async
function M.install(debian, arch, root)
  local argv = { 'mmdebstrap', '--quiet', '--variant=' .. (debian.variant or 'minbase'),
    '--architectures=' .. DEBIAN_ARCH[arch] }
  if debian.packages and #debian.packages > 0 then
    argv[#argv + 1] = '--include=' .. table.concat(debian.packages, ',')
  end
  argv[#argv + 1] = debian.suite
  argv[#argv + 1] = root
  argv[#argv + 1] = debian.mirror or os.getenv(MIRROR)
  local fine, err = tool.run('installing Debian packages', argv,
    { package = 'mmdebstrap', env = { SOURCE_DATE_EPOCH = '0' } })
  if not fine then return nil, err end
  return remove_leftovers(root)
end

return M
