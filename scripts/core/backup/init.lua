--- `backup.*`: backups of many packages at once.
local backup = require('service.backup')
local follow = require('core.follow')
local kept = require('core.backup.kept')
local names = require('lib.names')
local phases = require('service.phases')
local rpc = require('lib.rpc')
local t = rpc.types

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
  local begun, err = call.ctx.remote('backup.create', {
    target = params.target, packages = params.packages })
  if not begun then return nil, err end
  local job, failure = follow.job(call, begun.jobId)
  if job then return job.result end
  local some = type(failure.details) == 'table' and failure.details.packages
  if not some then return nil, failure end
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
  :subcommand('create', rpc.from_fn_async_local(create)
    :with_params(kept.params())
    :with_result(t.object{ fields = { jobId = t.string } })
    :with_metadata('audit', true)
    :with_metadata('local', true)
    :with_metadata('sync_db', true)
    :no_cli())
  :subcommand('create', rpc.from_fn_async(create_here)
    :with_params(kept.params())
    :with_context('CliContext')
    :with_display_serializable()
    :with_custom_display_fn(show)
    :with_about('about.backup.create')
    :with_examples('backup create --target /mnt/disk',
      'backup create --target /mnt/disk hello-world'))
  :subcommand('list', kept.list)
  :subcommand('verify', kept.verify)
