local exver = require('lib.exver')
local fit = require('lib.fit')
local json = require('engine.json')

local DEVICES = {
  { class = 'processor', product = 'EPYC', vendor = 'AMD', capabilities = { 'avx', 'avx2' } },
  { class = 'display', product = 'RTX 3090', vendor = 'NVIDIA', capabilities = {},
    driver = 'nvidia' },
  { class = 'display', product = json.null, vendor = 'AMD', capabilities = {}, driver = 'amdgpu' },
}

local function machine(hardware)
  return { os = { compat = '>=0.3 && <=0.4.0' }, hardware = hardware }
end

local function this(changes)
  local hardware = { arch = 'x86_64', ram = 4 * 2 ^ 30, devices = DEVICES }
  for key, value in pairs(changes or {}) do
    hardware[key] = value
  end
  return machine(hardware)
end

local function manifest(requirements, more)
  local out = { images = {}, hardwareRequirements = requirements }
  for key, value in pairs(more or {}) do
    out[key] = value
  end
  return out
end

local function search(pattern, text) return text:find(pattern) ~= nil end

local function kinds(of, device)
  local out = {}
  for i, problem in ipairs(fit.problems(of, device, search)) do
    out[i] = problem.kind
  end
  return table.concat(out, ' ')
end

local function device(filter)
  return kinds(manifest({ device = { filter } }), this())
end

describe('fit', function()
  it('asks for nothing where a manifest asks for nothing', function()
    expect(kinds({ images = {} }, this())):equals('')
    expect(kinds(manifest({ arch = json.null, ram = json.null, device = {} }), this())):equals('')
  end)

  it('holds the version of the system to the range of the machine', function()
    for version, answer in pairs({ ['0.4.0'] = '', ['0.4.0-beta.1'] = '', ['0.4.1'] = 'os',
      ['0.2'] = 'os' }) do
      expect(kinds(manifest({}, { osVersion = version }), this())):equals(answer)
    end
    expect(exver.satisfies('0.3.9:0', this().os.compat)):is_true()
  end)

  it('compares architecture and memory', function()
    expect(kinds(manifest({ arch = { 'aarch64', 'x86_64' } }), this())):equals('')
    expect(kinds(manifest({ arch = { 'aarch64' } }), this())):equals('arch')
    expect(kinds(manifest({ arch = {} }), this())):equals('arch')
    expect(kinds(manifest({ ram = 4 * 2 ^ 30 }), this())):equals('')
    expect(kinds(manifest({ ram = 4 * 2 ^ 30 + 1 }), this())):equals('ram')
    expect(kinds(manifest({ arch = { 'aarch64' }, ram = 2 ^ 40 }), this())):equals('arch ram')
  end)

  it('wants each image for the machine, or emulated', function()
    local function image(arch, emulated)
      local main = { arch = arch, emulateMissingAs = emulated }
      return kinds(manifest({}, { images = { main = main } }), this())
    end
    expect(image({ 'x86_64' })):equals('')
    expect(image({ 'aarch64' }, json.null)):equals('image')
    expect(image({ 'aarch64' }, 'aarch64')):equals('')
    expect(image({ 'aarch64' }, 'riscv64')):equals('image')
    expect(fit.image_arch({ arch = { 'aarch64', 'x86_64' }, emulateMissingAs = 'aarch64' },
      'x86_64')):equals('x86_64')
    expect(fit.image_arch({ arch = { 'aarch64' }, emulateMissingAs = 'aarch64' }, 'x86_64'))
      :equals('aarch64')
  end)

  it('wants a device of the class for each filter', function()
    expect(device({ class = 'display' })):equals('')
    expect(device({ class = 'display', product = 'RTX [34]0' })):equals('')
    expect(device({ class = 'display', product = 'RTX', vendor = 'AMD' })):equals('device')
    expect(device({ class = 'processor', product = 'RTX' })):equals('device')
    expect(device({ class = 'display', driver = 'nvidia' })):equals('')
    expect(device({ class = 'display', driver = 'nvidi' })):equals('device')
    expect(device({ class = 'processor', capabilities = { 'avx2' } })):equals('')
    expect(device({ class = 'processor', capabilities = { 'avx2', 'sve' } })):equals('device')
    expect(device({ class = 'display', product = json.null, vendor = json.null,
      driver = json.null })):equals('')
    expect(kinds(manifest({ device = { { class = 'display', vendor = 'NVIDIA' },
      { class = 'display', vendor = 'Matrox' }, { class = 'display', vendor = 'S3' } } }), this()))
      :equals('device device')
  end)

  it('has no value of a device found where there is none', function()
    local hidden = this({ devices = { { class = 'display', product = json.null,
      vendor = json.null, capabilities = {} } } })
    expect(kinds(manifest({ device = { { class = 'display', product = '' } } }), hidden))
      :equals('device')
  end)

  it('takes what is not known of a machine for no hindrance', function()
    local wants = manifest({ arch = { 'aarch64' }, ram = 2 ^ 40,
      device = { { class = 'display', product = 'none' } } })
    expect(kinds(wants, machine(nil))):equals('')
    expect(kinds(wants, machine({ arch = 'aarch64' }))):equals('')
    expect(kinds(wants, machine({ arch = 'aarch64', devices = {} }))):equals('device')
  end)

  it('says which requirement is not met', function()
    local function message(of) return fit.problems(of, this(), search)[1].message end
    expect(message(manifest({ arch = { 'aarch64', 'riscv64' } })))
      :equals('it is for aarch64, riscv64, this machine is x86_64')
    expect(message(manifest({ ram = 8 * 2 ^ 30 })))
      :equals('it needs 8.0 GiB of memory, this machine has 4.0 GiB')
    expect(message(manifest({ device = { { class = 'display', vendor = 'Matrox',
      description = 'A Matrox card', capabilities = { 'x', 'y' }, driver = 'mga' } } })))
      :equals('it needs a device this machine does not have: display with vendor /Matrox/, '
        .. 'capabilities x, y, driver mga (A Matrox card)')
  end)
end)

describe('the best package', function()
  local filter = { class = 'processor' }

  local function first(device_info, ...)
    local list = { ... }
    table.sort(list, function(a, b) return fit.before(a, b, device_info) == true end)
    return list[1]
  end

  it('has most device filters, or fewest where devices are not known', function()
    local many = manifest({ device = { filter, filter } })
    local one = manifest({ device = { filter }, arch = { 'x86_64' } })
    expect(first(this(), one, many)):is(many)
    expect(first(machine({ arch = 'x86_64' }), many, one)):is(one)
    expect(first(machine(nil), many, one)):is(one)
  end)

  it('then fewest architectures, none of them counting as most', function()
    local any, two = manifest({}), manifest({ arch = { 'x86_64', 'aarch64' } })
    local one = manifest({ arch = { 'x86_64' }, ram = 2 ^ 31 })
    expect(first(this(), any, two, one)):is(one)
    expect(first(this(), any, two)):is(two)
  end)

  it('then the least memory', function()
    local little, much = manifest({ ram = 1 }), manifest({ ram = 2 })
    expect(first(this(), much, little)):is(little)
    expect(fit.before(little, manifest({ ram = 1 }), this())):is_nil()
  end)
end)
