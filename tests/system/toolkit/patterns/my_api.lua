-- The patterns of the toolkit this one is the equal of, each once.
local connection = require('engine.connection')
local daemon = require('engine.daemon')
local loop = require('engine.loop')
local rpc = require('lib.rpc')
local store = require('engine.store')
local t = rpc.types

local function my_handler(call, params)
  assert(loop.sleep(0))
  return { context = call.ctx.name, packageId = params.packageId }
end

local function no_params_handler(call) return call.path end

local calls = 0
local function counted()
  calls = calls + 1
  return calls
end

local function cli_download(call, params)
  local told, err = call.ctx.remote('my-api.echo', { message = params.file })
  if not told then return nil, err end
  return 'downloaded ' .. told
end

local function query_dns(_, params) return { params.name, '127.0.0.1' } end

local function echo(_, params) return params.message end

local function get_info(call)
  return { known = call.auth ~= nil, version = daemon.info().version }
end

local function update_config(_, params)
  local done, err = store.mutate(function(db) return db:put('/public/ui/config', params.value) end)
  if not done then return nil, err end
  return nil
end

local function whoami(call)
  return { session = call.session and call.session.id, agent = call.user_agent,
    signer = call.signer, device = call.device and call.device.os.version,
    connected = connection.get(call.connection, 'nothing') == nil }
end

local message = { message = t.string{ positional = true } }

return rpc.parent():with_about('about.my-api')
  -- the four kinds
  :subcommand('create', rpc.from_fn_async(my_handler)
    :with_params({ packageId = t.package_id, dryRun = t.flag })
    :with_metadata('sync_db', true)       -- metadata early
    :no_display()                         -- CLI modifier
    :with_about('about.my-api')           -- after CLI modifiers
    :with_call_remote('CliContext'))      -- always last
  :subcommand('list', rpc.from_fn_async(my_handler):with_params({ packageId = t.package_id })
    :with_display_serializable():with_about('about.my-api'):with_call_remote('CliContext'))
  :subcommand('nothing', rpc.from_fn_async(no_params_handler)
    :with_about('about.my-api'):with_call_remote('CliContext'))
  :subcommand('counted', rpc.from_fn_async_local(counted)
    :with_about('about.my-api'):with_call_remote('CliContext'))
  :subcommand('download', rpc.from_fn_async_local(cli_download)
    :with_params({ file = t.string{ positional = true } })
    :with_context('CliContext'):with_about('about.my-api'))
  :subcommand('query-dns', rpc.from_fn_blocking(query_dns)
    :with_params({ name = t.string{ positional = true } })
    :with_display_serializable()
    :with_custom_display_fn(function(params, result, out)
      out:line(('%s is at %s'):format(params.name, result[2]))
    end)
    :with_about('about.my-api'):with_call_remote('CliContext'))
  :subcommand('echo', rpc.from_fn(echo):with_params(message)
    :with_about('about.my-api'):with_call_remote('CliContext'))
  -- the common patterns
  :subcommand('hidden', rpc.from_fn(echo):with_params(message):no_cli())
  :subcommand('get-info', rpc.from_fn_async(get_info)
    :with_metadata('authenticated', false)
    :with_display_serializable()
    :with_about('about.my-api')
    :with_call_remote('CliContext'))
  :subcommand('update-config', rpc.from_fn_async(update_config)
    :with_params({ value = t.string{ positional = true } })
    :with_metadata('sync_db', true)
    :no_display()
    :with_about('about.my-api')
    :with_call_remote('CliContext'))
  :subcommand('whoami', rpc.from_fn_async(whoami)
    :with_metadata('get_session', true)
    :with_metadata('get_signer', true)
    :with_metadata('get_device_info', true)
    :with_display_serializable()
    :with_about('about.my-api')
    :with_call_remote('CliContext'))
  :subcommand('owner', rpc.from_fn(function() return 'the owner' end)
    :with_metadata('admin', true)
    :with_about('about.my-api')
    :with_call_remote('CliContext'))
