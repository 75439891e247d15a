--- `moon-cli repl`: Lua in a live VM of the daemon, line by line.
local rpc = require('lib.rpc')
local terminal = require('core.repl.terminal')
local t = rpc.types

-- Seconds the answer may come after the code's time is over.
local GRACE = 5

local Target = {
  about = [[
Names without `local` are kept until the scripts are loaded again. `store`, `json`, `loop` and
the other engine modules are there by their names; functions that wait may be called.]],
  help = '\n  :vm [NAME]     talk to another VM: control, worker:1, …',
  commands = {},
}
Target.__index = Target

function Target:eval(repl, code)
  return repl:ask('script.eval', { code = code, vm = self.name, timeout = repl.timeout },
    repl.timeout + GRACE)
end

function Target:complete(repl, line)
  return repl:ask('script.complete', { line = line, vm = self.name }, 3)
end

function Target.commands.vm(repl, name)
  if name == '' then return repl:say(repl.target.name) end
  repl.target.name, repl.generation = name, nil
  repl:eval('return nil')
end

local function run(call, params)
  return terminal.run(call, setmetatable({ name = params.vm }, Target), params)
end

return rpc.from_fn_async(run)
  :with_params({
    vm = t.string{ default = 'control', help = 'help.arg.vm' },
    timeout = t.duration{ default = 30, help = 'help.arg.timeout' },
    transcript = t.optional(t.path{ help = 'help.arg.transcript' }),
  })
  :with_context('CliContext')
  :no_display()
  :with_about('about.repl')
  :with_examples('repl', 'repl --vm worker:1 --transcript session.txt')
