--- `package.eval`, `package.complete`: scripts in the live runtime of a package. Root on the host
--- only, and audited.
local operator = require('service.operator')
local rpc = require('lib.rpc')
local runtime = require('service.runtime')
local t = rpc.types

local M = {}

-- Seconds the answer may come after the script's time is over.
local GRACE = 5

local function eval(_call, params)
  local current, err = operator.installed(params.id)
  if not current then return nil, err end
  return runtime.call(params.id, 'eval', {
    script = params.script,
    timeout = math.floor(params.timeout * 1000),
    session = params.session,
  }, params.timeout + GRACE)
end

local function complete(_call, params)
  local current, err = operator.installed(params.id)
  if not current then return nil, err end
  return runtime.call(params.id, 'complete', { line = params.line, session = params.session }, 2)
end

--- What the script printed before it failed, and the way the error took, are worth seeing. *async*
local function eval_here(call, params)
  local limit = params.timeout + 2 * GRACE
  local answer, err = call.ctx.remote('package.eval', params, { timeout = limit })
  if answer then return answer end
  if call.format and call.format ~= 'table' then return nil, err end
  local told = type(err.details) == 'table' and err.details or {}
  for _, line in ipairs(told.output or {}) do
    call.out:line(line)
  end
  local trace = type(told.traceback) == 'string' and '\n' .. told.traceback or ''
  return nil, { code = err.code, message = err.message .. trace, hint = err.hint }
end

local function show(_params, answer, out)
  for _, line in ipairs(answer.output or {}) do
    out:line(line)
  end
  local values = answer.values or {}
  local last = #values
  -- What may fail gives `value, nil` when it does not.
  while values[last] == 'nil' do
    last = last - 1
  end
  if last < 2 then
    if answer.result ~= nil then out:value(answer.result) end
    return
  end
  for i = 1, last do
    out:line(values[i])
  end
end

local ID = t.package_id{ positional = 1, help = 'help.arg.package-id' }
local SCRIPT = t.text{ positional = 2, stdin = true, help = 'help.arg.script' }
local TIMEOUT = t.duration{ default = 30, help = 'help.arg.timeout' }
local SESSION = t.string{ max_length = 64, help = 'help.arg.session' }

M.eval = rpc.from_fn_async(eval)
  :with_params({ id = ID, script = SCRIPT, timeout = TIMEOUT, session = t.optional(SESSION) })
  :with_result(t.object{ open = true, fields = {
    result = t.any{ optional = true }, output = t.optional(t.array(t.string)),
    values = t.optional(t.array(t.string)),
  } })
  :with_errors('not_found', 'conflict', 'closed', 'script', 'timeout')
  :with_metadata('local', true)
  :with_metadata('audit', true)
  :with_metadata('deadline', 3600)
  :no_cli()
  :with_about('about.package.eval')

M.command = rpc.from_fn_async(eval_here)
  :with_params({ id = ID, script = SCRIPT, timeout = TIMEOUT })
  :with_context('CliContext')
  :with_display_serializable()
  :with_custom_display_fn(show)
  :with_about('about.package.eval')
  :with_examples("package eval hello-world '6 * 7'",
    [[package eval hello-world 'subcontainers.web:exec({ "ps" }).out']],
    'package eval hello-world --timeout 5s @look.lua')

M.complete = rpc.from_fn_async(complete)
  :with_params({ id = ID, line = t.string{ max_length = 4096 }, session = SESSION })
  :with_result(t.array{ of = t.string })
  :with_errors('not_found')
  :with_metadata('local', true)
  :with_metadata('read_only', true)
  :no_cli()

return M
