--- `daemon.hello`: what a client asks before anything else: who is here, which protocol both speak,
--- and whether the methods are those it was written for. A daemon in diagnostic mode answers, too.
local rpc = require('lib.rpc')
local wire_registry = require('lib.rpc.generate.wire_registry')
local t = rpc.types

local M = {}

---@class lib.rpc.hello.Host
---@field daemon table `engine.daemon`
---@field log table `engine.log`
---@field tools {encode: (fun(value: any): string), hash: (fun(text: string): string)}
---@field context string Whose methods the hash is of
---@field features string[] What is spoken here
---@field knows? fun(call: lib.rpc.Call): boolean Whether the caller may be told more than a ping
---   tells; absent: everybody who gets here

local PARAMS = {
  client = t.string{ optional = true, max_length = 64, help = 'help.arg.hello-client' },
  version = t.string{ optional = true, max_length = 64, help = 'help.arg.hello-version' },
  protocol = t.object{ optional = true, help = 'help.arg.hello-protocol', fields = {
    min = t.integer{ min = 0, max = 65535 }, max = t.integer{ min = 0, max = 65535 },
  } },
}

local RESULT = t.object{ fields = {
  instanceId = t.string, protocol = t.integer, name = t.optional(t.string),
  version = t.optional(t.string), instance = t.optional(t.string),
  registryHash = t.optional(t.string), limits = t.optional(t.map{ of = t.number }),
  features = t.optional(t.array{ of = t.string }),
} }

--- The handler; the tree adds what its middleware has to know, and `about.daemon.hello`.
---@param host lib.rpc.hello.Host
---@return lib.rpc.Handler
function M.handler(host)
  local digest, of_generation

  -- The methods are those of the generation in force, of which this VM learns nothing else.
  local function registry_hash(generation)
    if not digest or of_generation ~= generation then
      digest = wire_registry.digest(host.daemon.methods(host.context), host.tools)
      of_generation = generation
    end
    return digest
  end

  local function hello(call, params)
    local range = params.protocol or {}
    local chosen, err = host.daemon.choose_protocol(range.min, range.max)
    if not chosen then return nil, err end
    local info = host.daemon.info()
    local told = { instanceId = info.instanceId, protocol = chosen }
    if host.knows and not host.knows(call) then return told end
    host.log.debug('hello', 'a client says who it is',
      { client = params.client, version = params.version, protocol = chosen })
    told.name, told.version, told.instance = info.name, info.version, info.instance
    told.registryHash, told.limits = registry_hash(info.generation), info.limits
    told.features = host.features
    return told
  end

  return rpc.from_fn(hello)
    :with_params(PARAMS)
    :with_result(RESULT)
    :with_errors('protocol_unsupported')
    :with_metadata('read_only', true)
end

return M
