--- `moon-cli s9pk select`: of several builds of a package, the one for a machine.
local display = require('lib.display')
local errc = require('engine.errc')
local file = require('engine.file')
local null = require('lib.null')
local rpc = require('lib.rpc')
local source = require('core.s9pk.source')
local t = rpc.types

-- A package for any architecture is less specific than one for however many.
local ANY = math.huge

local function present(value)
  if null.is_null(value) then return nil end
  return value
end

local function contains(list, wanted)
  for _, value in ipairs(list) do
    if value == wanted then return true end
  end
  return false
end

local function requirements(manifest)
  local hardware = present(manifest.hardwareRequirements) or {}
  local arch = present(hardware.arch)
  return { arch = arch, archs = arch and #arch or ANY, ram = present(hardware.ram),
    devices = #(present(hardware.device) or {}) }
end

--- Nil if a machine can run it, or why not.
local function obstacle(wants, machine)
  if wants.arch and not contains(wants.arch, machine.arch) then
    return ('it is for %s, not %s'):format(table.concat(wants.arch, ', '), machine.arch)
  end
  if wants.ram and machine.ram and wants.ram > machine.ram then
    return ('it needs %s of memory, there are %s'):format(display.bytes(wants.ram),
      display.bytes(machine.ram))
  end
  return nil
end

--- Most specific first. As long as nobody knows a machine's devices, those that ask for fewer go
--- before.
local function before(a, b)
  if a.wants.devices ~= b.wants.devices then return a.wants.devices < b.wants.devices end
  if a.wants.archs ~= b.wants.archs then return a.wants.archs < b.wants.archs end
  local a_ram, b_ram = a.wants.ram or 0, b.wants.ram or 0
  if a_ram ~= b_ram then return a_ram < b_ram end
  return a.place < b.place
end

local function candidates(paths, machine)
  local fitting, refused = {}, {}
  for place, path in ipairs(paths) do
    local package, err = source.open(path)
    if not package then return nil, err end
    local manifest, wrong = package:manifest()
    package:close()
    if not manifest then return nil, wrong end
    local wants = requirements(manifest)
    local why = obstacle(wants, machine)
    if why then
      refused[#refused + 1] = ('%s: %s'):format(path, why)
    else
      fitting[#fitting + 1] = { path = path, wants = wants, place = place }
    end
  end
  table.sort(fitting, before)
  return fitting, refused
end

local function packages_here()
  local entries, err = file.list('.')
  if not entries then return nil, err end
  local paths = {}
  for _, entry in ipairs(entries) do
    if entry.type == 'file' and entry.name:find('%.s9pk$') then paths[#paths + 1] = entry.name end
  end
  return paths
end

--- The machine that is meant: what the options say, or the one moonbox runs on.
local function machine_of(call, params)
  if params.arch then return { arch = params.arch, ram = params.ram } end
  local device, err = call.ctx.remote('server.device-info', {})
  if not device then return nil, err end
  return { arch = device.arch, ram = params.ram or device.ram }
end

local function select(call, params)
  local paths, err = params.files, nil
  if #paths == 0 then paths, err = packages_here() end
  if not paths then return nil, err end
  if #paths == 0 then return source.usage('there is no package file here', 'name some') end
  local machine, wrong = machine_of(call, params)
  if not machine then return nil, wrong end
  local fitting, refused = candidates(paths, machine)
  if not fitting then return nil, refused end
  if fitting[1] then return { file = fitting[1].path, arch = machine.arch } end
  return nil, errc.new('not_found',
    'none of the packages fits:\n  ' .. table.concat(refused, '\n  '))
end

return rpc.from_fn_async(select)
  :with_params({
    files = t.array{ of = t.string, positional = true, default = {},
      help = 'help.arg.package-files' },
    arch = t.optional(t.string{ help = 'help.arg.select-arch' }),
    ram = t.optional(t.integer{ min = 0, help = 'help.arg.select-ram' }),
  })
  :with_context('CliContext')
  :with_custom_display_fn(function(_params, result, out) out:line(result.file) end)
  :with_about('about.s9pk.select')
