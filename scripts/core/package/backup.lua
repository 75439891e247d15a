--- `package.backup.*`: bringing a package back from a backup.
local follow = require('core.follow')
local phases = require('service.phases')
local restore = require('service.restore')
local rpc = require('lib.rpc')
local show = require('core.package.show')
local t = rpc.types

local function run(_call, params)
  return phases.start({
    kind = 'package.backup.restore',
    target = params.id,
    title = 'Restore ' .. params.id,
    phases = 4,
  }, function(report) return restore.run(params.target, params.id, report) end)
end

local function run_here(call, params)
  local begun, err = call.ctx.remote('package.backup.restore', {
    id = params.id, target = params.target })
  if not begun then return nil, err end
  local job, failure = follow.job(call, begun.jobId)
  if not job then return nil, failure end
  return job.result
end

local function params()
  return {
    target = t.path{ help = 'help.arg.backup-target' },
    id = t.package_id{ positional = true, help = 'help.arg.package-id' },
  }
end

return rpc.parent():with_about('about.package.backup')
  :subcommand('restore', rpc.from_fn_async_local(run)
    :with_params(params())
    :with_result(t.object{ fields = { jobId = t.string } })
    :with_metadata('audit', true)
    :with_metadata('local', true)
    :with_metadata('sync_db', true)
    :no_cli())
  :subcommand('restore', rpc.from_fn_async(run_here)
    :with_params(params())
    :with_context('CliContext')
    :with_display_serializable()
    :with_custom_display_fn(show.outcome)
    :with_about('about.package.backup.restore')
    :with_examples('package backup restore --target /mnt/disk hello-world'))
