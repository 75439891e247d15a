--- `package.eval`: a script in the live runtime of a package. Root on the host only, and audited.
local operator = require('service.operator')
local rpc = require('lib.rpc')
local runtime = require('service.runtime')
local t = rpc.types

local function eval(_call, params)
  local current, err = operator.installed(params.id)
  if not current then return nil, err end
  local timeout = params.timeout
  return runtime.call(params.id, 'eval', {
    script = params.script,
    timeout = math.floor(timeout * 1000),
  }, timeout + 5)
end

local function show(_params, answer, out)
  for _, line in ipairs(answer.output or {}) do
    out:line(line)
  end
  if answer.result ~= nil then out:value(answer.result) end
end

return rpc.from_fn_async(eval)
  :with_params({
    id = t.package_id{ positional = 1, help = 'help.arg.package-id' },
    script = t.text{ positional = 2, stdin = true, help = 'help.arg.script' },
    timeout = t.duration{ default = 30, help = 'help.arg.timeout' },
  })
  :with_result(t.object{ open = true, fields = {
    result = t.any{ optional = true }, output = t.optional(t.array(t.string)),
  } })
  :with_errors('not_found', 'conflict', 'closed')
  :with_metadata('local', true)
  :with_metadata('audit', true)
  :with_metadata('deadline', 3600)
  :with_display_serializable()
  :with_custom_display_fn(show)
  :with_about('about.package.eval')
  :with_call_remote('CliContext')
