--- `script trace METHOD`: what the next calls of a method do, step by step.
local daemon = require('engine.daemon')
local debugging = require('engine.debug')
local errc = require('engine.errc')
local file = require('engine.file')
local json = require('engine.json')
local otlp = require('lib.otlp')
local rpc = require('lib.rpc')
local t = rpc.types

local M = {}

local LONGEST = 3600

local method = t.string{ positional = true, complete = 'method', help = 'help.arg.method' }
local count = t.integer{ default = 1, min = 1, max = 1000, help = 'help.arg.trace-count' }
local timeout = t.duration{ default = 30, help = 'help.arg.timeout' }

local function is_known(name)
  for _, each in ipairs(daemon.methods('RpcContext')) do
    if each.method == name then return true end
  end
  return false
end

local function follow(_call, params)
  if not is_known(params.method) then
    return nil, errc.new('not_found', ("there is no method '%s'"):format(params.method),
      { hint = 'moon-cli script methods shows them' })
  end
  local calls, err = debugging.trace({ method = params.method, count = params.count,
    seconds = params.timeout })
  if not calls then return nil, err end
  return { calls = calls }
end

local function trace(call, params)
  call.ctx.progress(('waiting for %d call%s of %s'):format(params.count,
    params.count == 1 and '' or 's', params.method))
  local answer, err = call.ctx.remote('script.follow',
    { method = params.method, count = params.count, timeout = params.timeout },
    { timeout = params.timeout + 10 })
  call.ctx.progress(nil)
  if not answer then return nil, err end
  if params.out then
    local text = json.encode(otlp.document(answer.calls, call.ctx.facts.version)) .. '\n'
    if params.out:match('[^/]*$') == '-' then
      call.out:write(text)
    else
      local fine, wrong = file.write(params.out, text)
      if not fine then return nil, wrong end
    end
  end
  answer.silent = params.out ~= nil or nil
  return answer
end

local function milliseconds(nanos) return ('%.3f ms'):format(nanos / 1e6) end

local function show_call(one, out)
  local state = one.error and 'error ' .. one.error or 'ok'
  local id = one.trace ~= '' and ', trace ' .. one.trace or ''
  out:line(('%s in %s, %s%s'):format(one.method, one.vm, state, id))
  local depth, rows = {}, {}
  for i, span in ipairs(one.spans) do
    depth[i] = span.parent == 0 and 0 or depth[span.parent] + 1
    rows[i] = { began = milliseconds(span.start), took = milliseconds(span.finish - span.start),
      step = ('  '):rep(depth[i]) .. span.name .. (span.at and '  ' .. span.at or '') }
  end
  out:table({ { key = 'began', align = 'right' }, { key = 'took', align = 'right' }, 'step' }, rows)
end

local function show(params, answer, out)
  if answer.silent then
    if params.out:match('[^/]*$') ~= '-' then out:line('written to ' .. params.out) end
    return
  end
  if #answer.calls == 0 then out:line(('no call of %s came'):format(params.method)) end
  for _, one in ipairs(answer.calls) do
    show_call(one, out)
  end
end

--- What the daemon does.
M.follow = rpc.from_fn_async(follow)
  :with_params({ method = method, count = count, timeout = timeout })
  :with_result(t.object{ open = true, fields = {} })
  :with_metadata('local', true)
  :with_metadata('admin', true)
  :with_metadata('audit', true)
  :with_metadata('read_only', true)
  :with_metadata('deadline', LONGEST + 60)
  :no_cli()

--- What the CLI makes of it.
M.command = rpc.from_fn_async(trace)
  :with_params({
    method = method, count = count, timeout = timeout,
    out = t.optional(t.string{ short = 'o', help = 'help.arg.trace-out' }),
  })
  :with_context('CliContext')
  :with_custom_display_fn(show)
  :with_about('about.script.trace')
  :with_examples('script trace package.list --count 3', 'script trace echo --out echo.json')

return M
