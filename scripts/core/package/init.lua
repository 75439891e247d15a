--- `package.*`: installed packages and their services.
local entry = require('service.entry')
local eval = require('core.package.eval')
local install = require('service.install')
local job_method = require('core.job_method')
local lifecycle = require('service.lifecycle')
local lxc = require('engine.lxc')
local operator = require('service.operator')
local phases = require('service.phases')
local rpc = require('lib.rpc')
local settle = require('core.package.settle')
local show = require('core.package.show')
local status = require('service.status')
local t = rpc.types

local function list()
  local rows = {}
  for _, id in ipairs(entry.ids()) do
    local current = entry.get(id)
    rows[#rows + 1] = current and operator.summary(id, current)
  end
  return rows
end

local function info(_call, params) return operator.describe(params.id) end

--- Containers cannot work everywhere; better said before anything is copied.
local function check_host()
  local found, err = lxc.probe()
  if not found then return nil, err end
  for _, problem in ipairs(found.problems) do
    if problem.fatal then
      return nil, { code = 'lxc', message = problem.what, hint = problem.remedy }
    end
  end
  return true
end

local function sideload(_call, params)
  local able, err = check_host()
  if not able then return nil, err end
  return phases.start({
    kind = 'package.sideload',
    title = 'Install ' .. params.path:match('[^/]+$'),
    phases = 3,
  }, function(report) return install.run(params.path, report) end)
end

local function from_registry(_call, params)
  return nil, { code = 'registry',
    message = ('cannot fetch %s: the package registry is not built yet'):format(params.id),
    hint = 'moon-cli package install FILE.s9pk installs from a file' }
end

local function changed(change)
  return function(_call, params)
    local done, err = operator.change(params.id, change)
    if done and params.wait then
      done, err = operator.wait_settled(params.id, settle.WAIT)
    end
    if not done then return nil, err end
    return nil
  end
end

local function uninstall(_call, params)
  local current, err = operator.installed(params.id)
  if not current then return nil, err end
  return phases.start({
    kind = 'package.uninstall',
    target = params.id,
    title = 'Uninstall ' .. params.id,
    phases = 2,
  }, function(report) return lifecycle.uninstall(params.id, params, report) end)
end

local function rebuild(_call, params)
  local current, err = operator.installed(params.id)
  if not current then return nil, err end
  return phases.start({
    kind = 'package.rebuild', target = params.id, title = 'Rebuild ' .. params.id, phases = 2,
  }, function(report) return lifecycle.rebuild(params.id, report) end)
end

local ID = t.package_id{ positional = 1, help = 'help.arg.package-id' }

local SUMMARY = {
  id = t.package_id, version = t.optional(t.nullable(t.string)),
  title = t.optional(t.nullable(t.any)), status = t.string,
  health = t.optional(t.nullable(t.string)), address = t.optional(t.nullable(t.string)),
}

local function state_change(change)
  return rpc.from_fn_async(changed(change))
    :with_params(settle.params(ID))
    :with_result(t.null)
    :with_errors('not_found', 'conflict')
    :with_metadata('sync_db', true)
    :with_metadata('audit', true)
    :with_metadata('deadline', settle.WAIT + 10)
    :no_cli()
end

local uninstall_params = {
  id = ID,
  soft = t.flag{ help = 'help.arg.soft' },
  force = t.flag{ help = 'help.arg.force' },
}

--- The parser makes a `path` absolute; what may be a file or an id is a string to it.
local function absolute(name)
  if name:sub(1, 1) == '/' then return name end
  return (os.getenv('PWD') or '.') .. '/' .. name
end

--- A file is sideloaded; anything else is asked of a registry.
local function install_here(call, params)
  local name = params.package
  if name:find('/', 1, true) or name:match('%.s9pk$') then
    return job_method.run(call, 'package.sideload', { path = absolute(name) })
  end
  return call.ctx.remote('package.install', { id = name })
end

return rpc.parent():with_about('about.package')
  :subcommand('list', rpc.from_fn(list)
    :with_result(t.array(t.object{ fields = SUMMARY }))
    :with_metadata('read_only', true)
    :with_display_serializable()
    :with_custom_display_fn(show.list)
    :with_about('about.package.list')
    :with_call_remote('CliContext'))
  :subcommand('info', rpc.from_fn_async(info)
    :with_params({ id = ID })
    :with_result(t.object{ open = true, fields = SUMMARY })
    :with_errors('not_found')
    :with_metadata('read_only', true)
    :with_display_serializable()
    :with_custom_display_fn(show.info)
    :with_about('about.package.info')
    :with_call_remote('CliContext'))
  :subcommand('sideload', job_method.method(rpc.from_fn_async_local(sideload)
    :with_metadata('local', true), { path = t.path{ absolute = true } }))
  :subcommand('sideload', job_method.command('package.sideload', {
    path = t.path{ positional = true, help = 'help.arg.package-file' },
  }, show.outcome, 'about.package.sideload'))
  :subcommand('install', rpc.from_fn(from_registry)
    :with_params({ id = ID })
    :with_result(job_method.RESULT)
    :with_errors('registry')
    :no_cli())
  :subcommand('install', job_method.command(install_here, {
    package = t.string{ positional = true, help = 'help.arg.package-file-or-id' },
  }, show.outcome, 'about.package.install')
    :with_examples('package install hello-world.s9pk'))
  :subcommand('uninstall', job_method.method(rpc.from_fn_async_local(uninstall)
    :with_metadata('admin', true), uninstall_params))
  :subcommand('uninstall', job_method.command('package.uninstall', uninstall_params, show.outcome,
    'about.package.uninstall'))
  :subcommand('rebuild', job_method.method(rpc.from_fn_async_local(rebuild), { id = ID }))
  :subcommand('rebuild', job_method.command('package.rebuild', { id = ID }, show.outcome,
    'about.package.rebuild'))
  :subcommand('start', state_change(status.start))
  :subcommand('start', settle.command('start', settle.params(ID)))
  :subcommand('stop', state_change(status.stop))
  :subcommand('stop', settle.command('stop', settle.params(ID)))
  :subcommand('restart', state_change(status.restart))
  :subcommand('restart', settle.command('restart', settle.params(ID)))
  :subcommand('logs', require('core.package.logs'))
  :subcommand('logs', require('core.package.logs_command'))
  :subcommand('eval', eval.eval)
  :subcommand('eval', eval.command)
  :subcommand('complete', eval.complete)
  :subcommand('repl', require('core.package.repl'))
  :subcommand('action', require('core.package.action'))
  :subcommand('backup', require('core.package.backup'))
