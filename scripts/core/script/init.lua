--- `script.*`: the generation of scripts in force.
local author = require('core.script.new')
local check = require('core.script.check')
local daemon = require('engine.daemon')
local eval = require('core.script.eval')
local generation = require('core.script.generation')
local profile = require('core.script.profile')
local rpc = require('lib.rpc')
local test = require('core.script.test')
local trace = require('core.script.trace')

local function methods()
  local list = daemon.methods('RpcContext')
  for i, method in ipairs(list) do
    list[i] = { method = method.method, kind = method.kind, file = method.file,
      line = method.line }
  end
  return list
end

local function show_methods(_params, result, out)
  out:table({ 'method', 'kind', 'file', 'line' }, result)
end

return rpc.parent():with_about('about.script')
  :subcommand('check', check.command)
  :subcommand('complete', eval.complete)
  :subcommand('eval', eval.eval)
  :subcommand('eval', eval.command)
  :subcommand('follow', trace.follow)
  :subcommand('init', author.init)
  :subcommand('new', author.new)
  :subcommand('profile', profile.command)
  :subcommand('sample', profile.sample)
  :subcommand('test', test.command)
  :subcommand('trace', trace.command)
  :subcommand('methods', rpc.from_fn(methods)
    :with_metadata('read_only', true)
    :with_display_serializable()
    :with_custom_display_fn(show_methods)
    :with_about('about.script.methods')
    :with_call_remote('CliContext'))
  :subcommand('failures', generation.failures)
  :subcommand('files', generation.files)
  :subcommand('reload', generation.reload)
  :subcommand('rollback', generation.rollback)
  :subcommand('status', generation.status)
