--- What machine this is, as packages ask for it (docs/s9pk.md, "Which machine").
local archive = require('engine.archive')
local daemon = require('engine.daemon')
local file = require('engine.file')
local fit = require('lib.fit')
local json = require('engine.json')
local store = require('engine.store')

local M = {}

--- The osVersion of packages that run here: made for moonbox, or for the system whose package
--- interface it speaks, up to that release.
M.COMPAT = '<=0.4.0:0'

-- As lshw, from which authors know them, calls the makers of processors.
local PROCESSOR_VENDORS = { GenuineIntel = 'Intel Corp.',
  AuthenticAMD = 'Advanced Micro Devices [AMD]', ['0x41'] = 'ARM' }

local function words(text)
  local list = json.array({})
  for word in (text or ''):gmatch('%S+') do
    list[#list + 1] = word
  end
  return list
end

--- The processors of a machine, each kind once.
---@param cpuinfo string /proc/cpuinfo
---@return lib.fit.Hardware[]
function M.processors(cpuinfo)
  local list, seen = {}, {}
  for block in (cpuinfo .. '\n\n'):gmatch('(.-)\n\n') do
    local function field(name) return ('\n' .. block):match('\n' .. name .. '%s*:%s*([^\n]*)') end
    local maker = field('vendor_id') or field('CPU implementer')
    local product = field('model name') or field('Model')
    local key = ('%s/%s'):format(maker, product)
    if (maker or product) and not seen[key] then
      seen[key] = true
      list[#list + 1] = { class = 'processor', product = product or json.null,
        vendor = PROCESSOR_VENDORS[maker] or maker or json.null,
        capabilities = words(field('flags') or field('Features')) }
    end
  end
  return list
end

--- What pciutils calls a device, where its list is installed.
local function pci_names(root, ids)
  local vendor_id, product_id = ids:lower():match('^(%x+):(%x+)$')
  local vendor
  for line in (file.read(root .. '/usr/share/misc/pci.ids') or ''):gmatch('[^\n]+') do
    if not vendor then
      vendor = line:match(('^%s  (.*)'):format(vendor_id))
    elseif line:find('^[^\t#]') then
      break
    else
      local product = line:match(('^\t%s  (.*)'):format(product_id))
      if product then return vendor, product end
    end
  end
  return vendor
end

local function display_of(root, uevent)
  local ids, vendor, product = uevent:match('PCI_ID=(%x+:%x+)'), nil, nil
  if ids then vendor, product = pci_names(root, ids) end
  return { class = 'display', product = product or ids or json.null, vendor = vendor or json.null,
    capabilities = json.array({}), driver = uevent:match('DRIVER=([^\n]*)') or json.null }
end

--- The graphics adapters of a machine: those on PCI, and those of the kernel that are not.
---@param root string '' for this machine
---@return lib.fit.Hardware[]
function M.displays(root)
  local list = {}
  local pci, drm = root .. '/sys/bus/pci/devices', root .. '/sys/class/drm'
  for _, entry in ipairs(file.list(pci) or {}) do
    local uevent = file.read(('%s/%s/uevent'):format(pci, entry.name)) or ''
    if uevent:find('PCI_CLASS=3%x%x%x%x%f[^%x]') then list[#list + 1] = display_of(root, uevent) end
  end
  for _, entry in ipairs(file.list(drm) or {}) do
    local uevent = entry.name:find('^card%d+$')
      and file.read(('%s/%s/device/uevent'):format(drm, entry.name))
    if uevent and not uevent:find('PCI_ID=') then list[#list + 1] = display_of(root, uevent) end
  end
  return list
end

--- *async*
---@return lib.fit.Device
function M.info()
  local told = daemon.info()
  local arch = told.arch or ''
  local kib = tonumber((file.read('/proc/meminfo') or ''):match('MemTotal:%s+(%d+)')) or 0
  local devices = json.array(M.processors(file.read('/proc/cpuinfo') or ''))
  for _, each in ipairs(M.displays('')) do
    devices[#devices + 1] = each
  end
  return {
    os = { version = told.version, compat = M.COMPAT, platform = arch,
      language = store.get('/public/serverInfo/language') or 'en_US' },
    hardware = { arch = arch, ram = kib * 1024, devices = devices },
  }
end

--- Why this machine cannot run a package, as an error; nil when it can. *async*
---@param manifest table that passed the engine's check
---@return engine.Error?
function M.obstacle(manifest)
  local problems = fit.problems(manifest, M.info(), archive.search)
  if #problems == 0 then return nil end
  local reasons = {}
  for i, problem in ipairs(problems) do
    reasons[i] = problem.message
  end
  return {
    code = problems[1].kind == 'os' and 'version_incompatible' or 'install_failed',
    message = ('%s %s cannot run on this machine: %s'):format(manifest.id, manifest.version,
      table.concat(reasons, '; ')),
    hint = 'moon-cli s9pk select FILE… finds the file for a machine, if there is one',
    details = { problems = json.array(problems) },
  }
end

return M
