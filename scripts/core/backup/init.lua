--- `backup.*`: backups of many packages at once.
local backup = require('service.backup')
local job_method = require('core.job_method')
local kept = require('core.backup.kept')
local names = require('lib.names')
local phases = require('service.phases')
local rpc = require('lib.rpc')

local function create(_call, params)
  local packages = params.packages
  return phases.start({
    kind = 'backup.create',
    target = #packages == 1 and packages[1] or nil,
    phases = 4 * math.max(1, #packages),
    title = 'Back up ' .. (#packages > 0 and table.concat(packages, ', ') or 'all packages'),
  }, function(report) return backup.run(params.target, packages, report) end)
end

local function create_here(call, params)
  local result, err = job_method.run(call, 'backup.create', params)
  if not err then return result end
  local some = type(err.details) == 'table' and err.details.packages
  if not some then return nil, err end
  call.ctx.exit(1)
  return { packages = some }
end

local function show(_params, result, out)
  local rows = {}
  for _, id in ipairs(names.sorted_keys(result.packages)) do
    local made = result.packages[id]
    rows[#rows + 1] = { package = id, backup = made.path, error = made.error }
  end
  out:table({ 'package', 'backup', 'error' }, rows)
end

return rpc.parent():with_about('about.backup')
  :subcommand('create', job_method.method(rpc.from_fn_async_local(create)
    :with_metadata('local', true), kept.params()))
  :subcommand('create', job_method.command(create_here, kept.params(), show, 'about.backup.create')
    :with_examples('backup create --target /mnt/disk',
      'backup create --target /mnt/disk hello-world'))
  :subcommand('list', kept.list)
  :subcommand('verify', kept.verify)
