--- `moon-cli s9pk select`: of several builds of a package, the one for a machine.
local archive = require('engine.archive')
local device_of = require('service.device')
local display = require('lib.display')
local errc = require('engine.errc')
local file = require('engine.file')
local fit = require('lib.fit')
local json = require('engine.json')
local rpc = require('lib.rpc')
local source = require('core.s9pk.source')
local t = rpc.types

---@class core.s9pk.Candidate
---@field file string
---@field verdict 'best'|'fits'|'unfit'|'unreadable'
---@field reasons string[] Why it does not fit
---@field id? string
---@field version? string
---@field arch? string[] Null: any
---@field ram? integer Null: any

local function manifest_of(path, params)
  local package, err = source.open(path, params)
  if not package then return nil, source.about(path, err) end
  local manifest, wrong = package:manifest()
  package:close()
  if not manifest then return nil, source.about(path, wrong) end
  local good, invalid = archive.check_manifest(manifest)
  if not good then return nil, source.about(path, invalid) end
  return manifest
end

local function judged(path, manifest, device)
  local wants = fit.requirements(manifest)
  local reasons = json.array()
  for i, problem in ipairs(fit.problems(manifest, device, archive.search)) do
    reasons[i] = problem.message
  end
  return { file = path, verdict = #reasons == 0 and 'fits' or 'unfit', reasons = reasons,
    id = manifest.id, version = manifest.version, arch = wants.arch or json.null,
    ram = wants.ram or json.null }
end

--- Every file with its verdict, in the order given, and the one that fits best. A file that cannot
--- be read ends it if somebody named it.
local function judge(paths, device, params)
  local rows, best, best_manifest = json.array(), nil, nil
  for i, path in ipairs(paths) do
    local manifest, err = manifest_of(path, params)
    if not manifest and #params.files > 0 then return nil, err end
    rows[i] = manifest and judged(path, manifest, device)
      or { file = path, verdict = 'unreadable', reasons = json.array({ err.message }) }
    if rows[i].verdict == 'fits' and not (best and not fit.before(manifest, best_manifest, device))
    then
      best, best_manifest = rows[i], manifest
    end
  end
  if best then best.verdict = 'best' end
  return rows, best
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
local function device(call, params)
  if params.arch then
    return { os = { compat = device_of.COMPAT }, hardware = { arch = params.arch,
      ram = params.ram } }
  end
  local found, err = call.ctx.remote('server.device-info', {})
  if not found then return nil, err end
  found.hardware.ram = params.ram or found.hardware.ram
  return found
end

local function reasons_of(row) return table.concat(row.reasons, '; ') end

--- Programs get the verdicts all the same; people get them as the message.
local function none_fits(call, result)
  if call.format ~= nil and call.format ~= 'table' then
    call.ctx.exit(errc.kinds.not_found.exit)
    return result
  end
  local lines = {}
  for i, row in ipairs(result.packages) do
    lines[i] = ('  %s: %s'):format(row.file, reasons_of(row))
  end
  return nil, errc.new('not_found', 'none of the packages fits:\n' .. table.concat(lines, '\n'))
end

local function select(call, params)
  local paths, err = params.files, nil
  if #paths == 0 then paths, err = packages_here() end
  if not paths then return nil, err end
  if #paths == 0 then return source.usage('there is no package file here', 'name some') end
  local machine, wrong = device(call, params)
  if not machine then return nil, wrong end
  local rows, best = judge(paths, machine, params)
  if not rows then return nil, best end
  local result = { file = best and best.file or json.null, arch = machine.hardware.arch,
    packages = rows }
  if not best then return none_fits(call, result) end
  return result
end

local function arch_text(row)
  if not row.arch then return '' end
  return row.arch == json.null and 'any' or table.concat(row.arch, ', ')
end

local function ram_text(row)
  return row.ram and row.ram ~= json.null and display.bytes(row.ram) or ''
end

local function show(params, result, out)
  if not params.explain then return out:line(result.file) end
  local rows = {}
  for i, row in ipairs(result.packages) do
    rows[i] = { file = row.file, version = row.version or '', arch = arch_text(row),
      ram = ram_text(row), verdict = row.verdict, reason = reasons_of(row) }
  end
  out:table({ 'file', 'version', 'arch', { key = 'ram', align = 'right' }, 'verdict', 'reason' },
    rows)
end

return rpc.from_fn_async(select)
  :with_params({
    files = t.array{ of = t.string, positional = true, default = {},
      help = 'help.arg.package-files' },
    arch = t.optional(t.string{ help = 'help.arg.select-arch' }),
    ram = t.optional(t.integer{ min = 0, help = 'help.arg.select-ram' }),
    explain = t.flag{ help = 'help.arg.select-explain' },
    cacert = source.PARAMS.cacert, timeout = source.PARAMS.timeout,
  })
  :with_context('CliContext')
  :with_custom_display_fn(show)
  :with_about('about.s9pk.select')
