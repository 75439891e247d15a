local crypto = require('engine.crypto')
local device = require('service.device')
local exver = require('lib.exver')
local file = require('engine.file')
local json = require('engine.json')

local INTEL = 'processor\t: %d\nvendor_id\t: GenuineIntel\nmodel\t\t: 85\n'
  .. 'model name\t: Intel(R) Xeon(R)\nflags\t\t: fpu vme avx2\nvmx flags\t: vnmi\n\n'

describe('service.device', function()
  local root

  before_each(function() root = '/tmp/moonbox-device-' .. crypto.guid() end)
  after_each(function() file.remove(root, { recursive = true }) end)

  local function write(path, text)
    assert(file.mkdir(root .. path:match('^(.*)/')))
    assert(file.write(root .. path, text))
  end

  it('tells each kind of processor once', function()
    expect(device.processors(INTEL:format(0) .. INTEL:format(1))):equals({ {
      class = 'processor', product = 'Intel(R) Xeon(R)', vendor = 'Intel Corp.',
      capabilities = { 'fpu', 'vme', 'avx2' },
    } })
    local arm = device.processors('processor\t: 0\nFeatures\t: fp asimd\nCPU implementer\t: 0x41\n')
    expect(arm):equals({ { class = 'processor', product = json.null, vendor = 'ARM',
      capabilities = { 'fp', 'asimd' } } })
    expect(device.processors('')):equals({})
  end)

  it('finds displays on PCI, with their names where the list is installed', function()
    write('/sys/bus/pci/devices/0000:01:00.0/uevent',
      'DRIVER=nvidia\nPCI_CLASS=30000\nPCI_ID=10DE:2204\nPCI_SUBSYS_ID=1:1\n')
    write('/sys/bus/pci/devices/0000:02:00.0/uevent', 'PCI_CLASS=20000\nPCI_ID=10DE:2204\n')
    local function found(product, vendor)
      return { { class = 'display', product = product, vendor = vendor, capabilities = {},
        driver = 'nvidia' } }
    end
    expect(device.displays(root)):equals(found('10DE:2204', json.null))
    write('/usr/share/misc/pci.ids', '# list\n0010  Other\n\t2204  Wrong\n'
      .. '10de  NVIDIA Corporation\n'
      .. '\t2203  GA102\n\t2204  GA102 [GeForce RTX 3090]\n\t\t1 2  Board\n10df  Emulex\n')
    expect(device.displays(root)):equals(found('GA102 [GeForce RTX 3090]', 'NVIDIA Corporation'))
  end)

  it('finds displays that are not on PCI', function()
    write('/sys/class/drm/card0/device/uevent', 'DRIVER=vc4-drm\nOF_NAME=gpu\n')
    write('/sys/class/drm/card0-HDMI-A-1/device/uevent', 'DRIVER=vc4-drm\n')
    write('/sys/class/drm/card1/device/uevent', 'DRIVER=i915\nPCI_ID=8086:1\n')
    expect(device.displays(root)):equals({ { class = 'display', product = json.null,
      vendor = json.null, capabilities = {}, driver = 'vc4-drm' } })
  end)

  it('runs packages made for this version of moonbox', function()
    local version = exver.plain(device.info().os.version)
    expect(exver.satisfies(version, device.COMPAT)):is_true()
  end)
end)
