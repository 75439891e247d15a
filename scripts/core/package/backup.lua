--- `package.backup.*`: bringing a package back from a backup.
local job_method = require('core.job_method')
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

local function params()
  return {
    target = t.path{ help = 'help.arg.backup-target' },
    id = t.package_id{ positional = true, help = 'help.arg.package-id' },
  }
end

return rpc.parent():with_about('about.package.backup')
  :subcommand('restore', job_method.method(rpc.from_fn_async_local(run)
    :with_metadata('local', true), params()))
  :subcommand('restore', job_method.command('package.backup.restore', params(), show.outcome,
    'about.package.backup.restore')
    :with_examples('package backup restore --target /mnt/disk hello-world'))
