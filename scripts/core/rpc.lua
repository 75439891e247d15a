--- `rpc.discover`: the OpenRPC document of every method.
local crypto = require('engine.crypto')
local daemon = require('engine.daemon')
local errc = require('engine.errc')
local json = require('engine.json')
local openrpc = require('lib.rpc.openrpc')
local rpc = require('lib.rpc')
local wire_registry = require('lib.rpc.generate.wire_registry')
local t = rpc.types

local TOOLS = { encode = json.encode, hash = crypto.sha256 }

local function hash(method) return wire_registry.hash(method, TOOLS) end

local function discover(call)
  local info = daemon.info()
  return openrpc.document(daemon.methods('RpcContext'), {
    title = info.name, version = info.version, locale = call.locale, array = json.array,
    errors = errc.kinds, hash = hash,
  })
end

local function show(_params, document, out)
  local rows = {}
  for i, method in ipairs(document.methods) do
    local params = {}
    for p, param in ipairs(method.params) do
      params[p] = param.name .. (param.required and '' or '?')
    end
    rows[i] = { method = method.name, params = table.concat(params, ' '), about = method.summary }
  end
  out:table({ 'method', 'params', 'about' }, rows)
end

return rpc.parent():with_about('about.rpc')
  :subcommand('export', require('core.export'))
  :subcommand('discover', rpc.from_fn(discover)
    :with_result(t.object{ open = true, fields = { openrpc = t.string } })
    :with_metadata('read_only', true)
    :with_display_serializable()
    :with_custom_display_fn(show)
    :with_about('about.rpc.discover')
    :with_call_remote('CliContext'))
