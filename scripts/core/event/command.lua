--- `moon-cli events`: the last events, and those that follow with --follow.
local filter = require('core.event.filter')
local line = require('core.event.line')
local reader = require('core.event.reader')
local rpc = require('lib.rpc')
local t = rpc.types

local function events(call, params)
  local wanted = filter.of(params)
  if params.follow then
    return reader.follow(call, wanted, {
      replay_last = params.limit, since_seq = params.sinceSeq, write = line.of,
    })
  end
  wanted.limit = math.max(params.limit, 1)
  wanted.sinceSeq = params.sinceSeq
  local page, err = call.ctx.remote('event.list', wanted, { read_only = true })
  if not page then return nil, err end
  for _, event in ipairs(page.events) do
    if not reader.print(call, event, line.of) then return nil end
  end
  return nil
end

return rpc.from_fn_async(events)
  :with_params(filter.params({
    follow = t.flag{ short = 'f', help = 'help.arg.follow-events' },
    limit = t.integer{ short = 'n', default = 20, min = 0, max = 1000,
      help = 'help.arg.event-limit' },
    sinceSeq = t.optional(t.integer{ min = 0, max = 2 ^ 53, help = 'help.arg.since-seq' }),
  }))
  :with_context('CliContext')
  :no_display()
  :with_about('about.events')
  :with_examples('events -f --package hello-world', "events --type 'job*' --level warn -n 100")
