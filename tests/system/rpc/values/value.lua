local client = require('engine.client')
local json = require('engine.json')
local rpc = require('lib.rpc')
local t = rpc.types

local function same(_call, params) return { value = params.value } end

--- Through the client library and back, as tables.
local function again(_call, params)
  return client.call(params.socket, 'value.same', { value = params.value })
end

--- What a script makes of Lua code.
local function made(_call, params) return { value = assert(load(params.code))() } end

local function raw(_call, params) return { value = json.raw(tostring(params.value)) } end

return rpc.parent()
  :subcommand('same', rpc.from_fn(same):with_params({ value = t.any }):no_cli())
  :subcommand('again', rpc.from_fn_async(again)
    :with_params({ value = t.any, socket = t.string }):no_cli())
  :subcommand('made', rpc.from_fn(made):with_params({ code = t.string }):no_cli())
  :subcommand('raw', rpc.from_fn(raw):with_params({ value = t.json{ raw = true } }):no_cli())
