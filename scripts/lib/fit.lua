--- Which packages suit a machine, and which of them best (docs/s9pk.md, "Which machine").
local display = require('lib.display')
local exver = require('lib.exver')
local list = require('lib.list')
local names = require('lib.names')
local null = require('lib.null')

local M = {}

---@class lib.fit.Device What is known of a machine
---@field os {version: string, compat: string, platform: string, language: string}
---@field hardware? {arch: string, ram: integer?, devices: lib.fit.Hardware[]?} `ram` in bytes

---@class lib.fit.Hardware
---@field class 'processor'|'display'
---@field product? string
---@field vendor? string
---@field capabilities string[]
---@field driver? string

---@class lib.fit.Problem
---@field kind 'os'|'arch'|'ram'|'device'|'image'
---@field message string

-- A package for any architecture is less specific than one for however many.
local ANY = math.huge

local function present(value)
  if null.is_null(value) then return nil end
  return value
end

--- What a manifest asks of a machine's hardware.
---@param manifest table that passed the engine's check
---@return {arch: string[]?, ram: integer?, device: table[]} requirements
function M.requirements(manifest)
  local hardware = present(manifest.hardwareRequirements) or {}
  return { arch = present(hardware.arch), ram = present(hardware.ram),
    device = present(hardware.device) or {} }
end

local function os_problem(manifest, device)
  local wanted = present(manifest.osVersion)
  local version = wanted and exver.plain(wanted)
  if not version or exver.satisfies(version, device.os.compat) then return nil end
  return ('it is made for version %s of the system; this one runs packages for %s'):format(wanted,
    device.os.compat)
end

local function named(archs) return #archs > 0 and table.concat(archs, ', ') or 'nothing' end

local function arch_problem(wants, hardware)
  if not wants.arch or list.contains(wants.arch, hardware.arch) then return nil end
  return ('it is for %s, this machine is %s'):format(named(wants.arch), hardware.arch)
end

local function ram_problem(wants, hardware)
  if not wants.ram or not hardware.ram or wants.ram <= hardware.ram then return nil end
  return ('it needs %s of memory, this machine has %s'):format(display.bytes(wants.ram),
    display.bytes(hardware.ram))
end

local function matches(pattern, value, search)
  return not present(pattern) or present(value) ~= nil and search(pattern, value) == true
end

local function has_all(wanted, there)
  for _, each in ipairs(present(wanted) or {}) do
    if not list.contains(present(there) or {}, each) then return false end
  end
  return true
end

local function passes(filter, device, search)
  return device.class == filter.class and matches(filter.product, device.product, search)
    and matches(filter.vendor, device.vendor, search)
    and has_all(filter.capabilities, device.capabilities)
    and (not present(filter.driver) or filter.driver == device.driver)
end

--- A filter in words.
local function describe(filter)
  local parts = {}
  for _, key in ipairs({ 'product', 'vendor' }) do
    if present(filter[key]) then parts[#parts + 1] = ('%s /%s/'):format(key, filter[key]) end
  end
  if #(present(filter.capabilities) or {}) > 0 then
    parts[#parts + 1] = 'capabilities ' .. table.concat(filter.capabilities, ', ')
  end
  if present(filter.driver) then parts[#parts + 1] = 'driver ' .. filter.driver end
  local about = present(filter.description) and filter.description ~= '' and filter.description
  local asked = #parts > 0 and ' with ' .. table.concat(parts, ', ') or ''
  return ('%s%s%s'):format(filter.class, asked, about and (' (%s)'):format(about) or '')
end

local function device_problem(filter, hardware, search)
  for _, device in ipairs(hardware.devices) do
    if passes(filter, device, search) then return nil end
  end
  return 'it needs a device this machine does not have: ' .. describe(filter)
end

--- For which of its architectures an image would be taken on a machine; nil: for none.
---@param image table of a manifest's `images`
---@param arch string
---@return string?
function M.image_arch(image, arch)
  if list.contains(image.arch, arch) then return arch end
  local emulated = present(image.emulateMissingAs)
  return emulated and list.contains(image.arch, emulated) and emulated or nil
end

local function image_problem(id, image, hardware)
  if M.image_arch(image, hardware.arch) then return nil end
  return ('its image %s is for %s, and none of them is to be emulated on %s'):format(id,
    named(image.arch), hardware.arch)
end

--- Why a machine cannot run a package; empty when it can. What is not known of a machine is no
--- hindrance.
---@param manifest table that passed the engine's check
---@param device lib.fit.Device
---@param search fun(pattern: string, text: string): boolean? Whether a regular expression is found
---@return lib.fit.Problem[]
function M.problems(manifest, device, search)
  local found = {}
  local function add(kind, message)
    if message then found[#found + 1] = { kind = kind, message = message } end
  end
  add('os', os_problem(manifest, device))
  local hardware, wants = device.hardware, M.requirements(manifest)
  if not hardware then return found end
  local arch = arch_problem(wants, hardware)
  add('arch', arch)
  for _, id in ipairs(arch and {} or names.sorted_keys(manifest.images)) do
    add('image', image_problem(id, manifest.images[id], hardware))
  end
  add('ram', ram_problem(wants, hardware))
  for _, filter in ipairs(hardware.devices and wants.device or {}) do
    add('device', device_problem(filter, hardware, search))
  end
  return found
end

local function specificity(manifest)
  local wants = M.requirements(manifest)
  return { #wants.device, wants.arch and #wants.arch or ANY, wants.ram or 0 }
end

--- Whether a package goes before another that suits the machine too: more device filters, as long
--- as the machine's devices are known, and fewer if not; then fewer architectures; then less
--- memory. Nil where neither does.
---@param a table manifest
---@param b table manifest
---@param device lib.fit.Device
---@return boolean?
function M.before(a, b, device)
  local left, right = specificity(a), specificity(b)
  local known = device.hardware ~= nil and device.hardware.devices ~= nil
  if left[1] ~= right[1] then return (left[1] > right[1]) == known end
  for i = 2, 3 do
    if left[i] ~= right[i] then return left[i] < right[i] end
  end
  return nil
end

return M
