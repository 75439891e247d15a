--- `rpc export`: what is made from the handler tree. Needs no daemon.
local crypto = require('engine.crypto')
local errc = require('engine.errc')
local file = require('engine.file')
local json = require('engine.json')
local luacats = require('lib.rpc.generate.luacats')
local methods_of = require('lib.rpc.generate.methods')
local openrpc = require('lib.rpc.openrpc')
local pretty = require('lib.pretty')
local reference = require('lib.rpc.generate.reference')
local rpc = require('lib.rpc')
local store_types = require('store.types')
local typescript = require('lib.rpc.generate.typescript')
local wire_registry = require('lib.rpc.generate.wire_registry')
local t = rpc.types

local TOOLS = { encode = json.encode, hash = crypto.sha256 }

local function known_registry(path)
  local text = path and file.read(path)
  if not text then return {} end
  return json.decode(text)
end

local function registry(methods, params)
  local known, err = known_registry(params.output)
  if not known then return nil, err end
  local fresh = wire_registry.of(methods, TOOLS)
  local problems = wire_registry.compare(known, fresh)
  if #problems > 0 then
    return nil, { code = 'conflict', message = problems[1], details = problems,
      hint = 'a name that no release had yet: remove its line from ' .. params.output }
  end
  return wire_registry.document(known, fresh)
end

local MAKERS = {
  openrpc = function(methods, _params, call)
    return pretty.json(openrpc.document(methods, {
      title = 'moonbox', version = call.ctx.facts.version, locale = call.locale,
      array = json.array, errors = errc.kinds,
      hash = function(method) return wire_registry.hash(method, TOOLS) end,
    }), json.encode) .. '\n'
  end,
  typescript = function(methods) return typescript.document(methods, errc.kinds) end,
  luacats = function(methods) return luacats.document(methods) end,
  markdown = function(methods) return reference.document(methods) end,
  ['wire-registry'] = registry,
  ['store-typescript'] = store_types.typescript,
  ['store-luacats'] = store_types.luacats,
}

local FORMATS = { 'openrpc', 'typescript', 'luacats', 'markdown', 'wire-registry',
  'store-typescript', 'store-luacats' }

local function export(call, params)
  local methods = methods_of.of(call.ctx.tree, params.context)
  local text, err = MAKERS[params.form](methods, params, call)
  if not text then return nil, err end
  if not params.output then
    call.out:write(text)
    return nil
  end
  local written, failure = file.write(params.output, text)
  if not written then return nil, failure end
  return nil
end

return rpc.from_fn_async(export)
  :with_params({
    form = t.enum{ values = FORMATS, positional = true, help = 'help.arg.export-form' },
    context = t.string{ default = 'RpcContext', help = 'help.arg.context' },
    output = t.optional(t.path{ short = 'o', help = 'help.arg.output' }),
  })
  :with_context('CliContext')
  :no_display()
  :with_about('about.rpc.export')
