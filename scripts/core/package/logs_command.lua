--- `moon-cli package logs`: prints a service's log, and goes on printing with --follow.
local json = require('engine.json')
local rpc = require('lib.rpc')
local text = require('lib.text')
local t = rpc.types

local function line(each)
  local source = each.daemon or each.subcontainer or 'runtime'
  return text.lines(('%s %s: %s'):format(each.time or '-', source, each.message or ''))
end

local function printer(call)
  if call.format == nil or call.format == 'table' then
    return function(each) call.out:line(line(each)) end
  end
  return function(each) call.out:line(json.encode(each)) end
end

local function logs(call, params)
  local print_entry = printer(call)
  local connection, err = call.ctx.connect()
  if not connection then return nil, err end
  local last, failure = connection:call('package.logs', { id = params.id, limit = params.limit })
  for _, each in ipairs(last and last.entries or {}) do
    print_entry(each)
  end
  if last and params.follow then
    local _, ended = connection:call('package.logs', { id = params.id, limit = 0, follow = true }, {
      timeout = 86400,
      on_event = function(notice)
        if notice.event then print_entry(notice.event.data) end
      end,
    })
    failure = ended
  end
  connection:close()
  return nil, failure
end

return rpc.from_fn_async(logs)
  :with_params({
    id = t.package_id{ positional = true, help = 'help.arg.package-id' },
    limit = t.integer{ short = 'n', default = 50, min = 0, max = 10000, help = 'help.arg.limit' },
    follow = t.flag{ short = 'f', help = 'help.arg.follow' },
  })
  :with_context('CliContext')
  :no_display()
  :with_about('about.package.logs')
  :with_examples('package logs hello-world -f', 'package logs hello-world -n 500')
