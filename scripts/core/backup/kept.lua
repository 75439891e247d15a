--- `moon-cli backup list`, `verify`: what lies on a target. Read here; no daemon is needed.
local backup = require('service.backup')
local display = require('lib.display')
local file = require('engine.file')
local rpc = require('lib.rpc')
local stored = require('service.stored')
local t = rpc.types

local M = {}

--- Of every command about backups of many packages.
---@return table<string, lib.rpc.Schema>
function M.params()
  return {
    target = t.path{ help = 'help.arg.backup-target' },
    packages = t.array{ of = t.package_id, default = {}, positional = true,
      help = 'help.arg.package-ids' },
  }
end

local function size_of(found, manifest)
  local bytes = (file.stat(('%s/%s'):format(found.path, manifest.archive.file)) or {}).size or 0
  for _, row in ipairs(manifest.files) do
    bytes = bytes + (row.size or 0)
  end
  return bytes
end

--- The backups of these packages, or of all, as rows; one whose manifest cannot be read says why.
local function rows_of(found, wanted)
  local rows = {}
  for _, each in ipairs(found) do
    if not next(wanted) or wanted[each.package] then
      local row = { package = each.package, time = each.name, path = each.path }
      local fine, manifest = pcall(stored.manifest, each.path, each.package)
      if fine then
        row.version, row.bytes = manifest.package.version, size_of(each, manifest)
      else
        row.problem = type(manifest) == 'table' and manifest.message or tostring(manifest)
      end
      rows[#rows + 1] = row
    end
  end
  return rows
end

local function find(params)
  local fine, err = pcall(backup.check_target, params.target)
  if not fine then return nil, err end
  local wanted, missing = {}, {}
  for _, id in ipairs(params.packages) do
    wanted[id], missing[id] = true, true
  end
  local rows = rows_of(stored.find(params.target), wanted)
  for _, row in ipairs(rows) do
    missing[row.package] = nil
  end
  local id = next(missing)
  if not id then return rows end
  return nil, { code = 'not_found', message = ('no backup of %q below %s'):format(id,
    params.target), hint = 'moon-cli backup create --target DIR makes one' }
end

local function list(_call, params) return find(params) end

--- *async*
local function verify(call, params)
  local rows, err = find(params)
  if not rows then return nil, err end
  for i, row in ipairs(rows) do
    local what = ('%d of %d: %s %s'):format(i, #rows, row.package, row.time)
    call.ctx.progress(what)
    local fine, problem = pcall(function()
      stored.verify(row.path, stored.manifest(row.path, row.package), function(_, done, total)
        call.ctx.progress(('%s %s'):format(what, display.bar(done / total, 24)))
      end)
    end)
    row.good = fine
    if not fine then
      row.problem = type(problem) == 'table' and problem.message or tostring(problem)
      call.ctx.exit(1)
    end
  end
  call.ctx.progress(nil)
  return rows
end

local function show_backups(columns)
  return function(_params, rows, out)
    if #rows == 0 then return out:line('there are no backups') end
    local shown = {}
    for i, row in ipairs(rows) do
      shown[i] = { package = row.package, version = row.version, time = row.time, good = row.good,
        size = row.bytes and display.bytes(row.bytes), problem = row.problem }
    end
    out:table(columns, shown)
  end
end

local function command(fn, columns, about)
  return rpc.from_fn_async(fn)
    :with_params(M.params())
    :with_result(t.array)
    :with_context('CliContext')
    :with_display_serializable()
    :with_custom_display_fn(show_backups(columns))
    :with_about(about)
end

M.list = command(list,
  { 'package', 'version', 'time', { key = 'size', align = 'right' }, 'problem' },
  'about.backup.list')
  :with_examples('backup list --target /mnt/disk')

M.verify = command(verify, { 'package', 'version', 'time', 'good', 'problem' },
  'about.backup.verify')
  :with_examples('backup verify --target /mnt/disk',
    'backup verify --target /mnt/disk hello-world')

return M
