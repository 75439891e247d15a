--- `script.eval`, `script.complete`: Lua in a live VM, for the owner of the daemon on this machine.
local console = require('lib.console')
local debugging = require('engine.debug')
local loop = require('engine.loop')
local rpc = require('lib.rpc')
local t = rpc.types

local M = {}

local MAX_SLICE = 5
local LONGEST = 3600
-- Seconds the daemon's answer may come after the code's time is over.
local GRACE = 5

local vm = t.string{ default = 'control', help = 'help.arg.vm' }
local session = t.optional(t.string{ max_length = 64, help = 'help.arg.session' })

local function failure(call, vm_name, kept, err)
  local output = debugging.run({ vm = vm_name, module = 'core.script.session', fn = 'output',
    argument = kept, connection = call.connection })
  return { generation = output and output.generation or 0, output = output and output.result or {},
    values = {}, error = { kind = err.code, hint = err.hint,
      message = console.own_words(err.message), traceback = console.own_frames(err.debug) } }
end

--- Code of its own, or of a session whose variables are kept.
local function kept_by(params)
  if params.session then return { session = params.session } end
  return { session = ('once-%.9f'):format(loop.now()), once = true }
end

local function eval(call, params)
  local kept = kept_by(params)
  local answer, err = debugging.run({
    vm = params.vm, module = 'core.script.session', fn = 'eval',
    argument = { code = params.code, session = kept.session, once = kept.once },
    deadline = params.timeout, slice = math.min(params.timeout, MAX_SLICE),
    connection = call.connection,
  })
  if not answer and (err.code == 'not_found' and not err.debug or err.code == 'uninitialized') then
    return nil, err
  end
  if not answer then return failure(call, params.vm, kept, err) end
  answer.result.generation = answer.generation
  return answer.result
end

local function complete(call, params)
  local answer, err = debugging.run({
    vm = params.vm, module = 'core.script.session', fn = 'complete',
    argument = { line = params.line, session = params.session or 'complete' },
    deadline = 2, slice = 1,
    connection = call.connection,
  })
  if not answer then return nil, err end
  return answer.result
end

--- What the code printed and gave is printed; what it failed with is the command's failure. *async*
local function eval_command(call, params)
  local answer, err = call.ctx.remote('script.eval', params, { timeout = params.timeout + GRACE })
  if not answer then return nil, err end
  local wrong = type(answer.error) == 'table' and answer.error
  if wrong and call.format and call.format ~= 'table' then
    return nil, { code = wrong.kind, message = wrong.message, hint = wrong.hint,
      details = { output = answer.output, traceback = wrong.traceback } }
  end
  if not wrong then return answer end
  for _, line in ipairs(answer.output) do
    call.out:line(line)
  end
  local trace = wrong.traceback ~= '' and '\n  ' .. wrong.traceback:gsub('\n', '\n  ') or ''
  return nil, { code = wrong.kind, message = wrong.message .. trace, hint = wrong.hint }
end

local function show(_params, answer, out)
  for _, line in ipairs(answer.output) do
    out:line(line)
  end
  for _, value in ipairs(answer.values) do
    out:line(value)
  end
end

local EVAL_PARAMS = {
  code = t.text{ positional = true, help = 'help.arg.script' },
  vm = vm, session = session,
  timeout = t.duration{ default = 30, help = 'help.arg.timeout' },
}

M.eval = rpc.from_fn_async(eval)
  :with_params(EVAL_PARAMS)
  :with_result(t.object{ open = true, fields = {
    generation = t.integer, output = t.array{ of = t.string }, values = t.array{ of = t.string },
  } })
  :with_metadata('local', true)
  :with_metadata('admin', true)
  :with_metadata('audit', true)
  :with_metadata('deadline', LONGEST)
  :no_cli()
  :with_about('about.script.eval')

M.command = rpc.from_fn_async(eval_command)
  :with_params(EVAL_PARAMS)
  :with_context('CliContext')
  :with_display_serializable()
  :with_custom_display_fn(show)
  :with_about('about.script.eval')
  :with_examples("script eval '6 * 7'", 'script eval --vm worker:1 @look.lua')

M.complete = rpc.from_fn_async(complete)
  :with_params({ line = t.string{ max_length = 4096 }, vm = vm, session = session })
  :with_result(t.array{ of = t.string })
  :with_metadata('local', true)
  :with_metadata('admin', true)
  :with_metadata('read_only', true)
  :no_cli()

return M
