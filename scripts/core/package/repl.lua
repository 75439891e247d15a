--- `moon-cli package repl`: Lua in the live runtime of a package, line by line.
local rpc = require('lib.rpc')
local terminal = require('core.repl.terminal')
local t = rpc.types

local GRACE = 10

local Target = {
  about = [[
Names without `local` are kept until the container starts again. The package's modules are
there by `require`, its globals by their names; besides `effects`, `system`, `subcontainers`
and `reload()`. Functions that wait may be called.]],
}
Target.__index = Target

--- A script that failed is an answer, too; `nil, err`: nothing was run.
function Target:eval(repl, code)
  local answer, err = repl:ask('package.eval', { id = self.name, script = code,
    timeout = repl.timeout }, repl.timeout + GRACE)
  local told = not answer and type(err.details) == 'table' and err.details
  if not told or not told.output then return answer, err end
  return { output = told.output, values = {},
    error = { message = err.message, traceback = told.traceback } }
end

function Target:complete(repl, line)
  return repl:ask('package.complete', { id = self.name, line = line }, 3)
end

local function run(call, params)
  local known, err = call.ctx.remote('package.info', { id = params.id })
  if not known then return nil, err end
  return terminal.run(call, setmetatable({ name = params.id }, Target), params)
end

return rpc.from_fn_async(run)
  :with_params({
    id = t.package_id{ positional = true, help = 'help.arg.package-id' },
    timeout = t.duration{ default = 30, help = 'help.arg.timeout' },
    transcript = t.optional(t.path{ help = 'help.arg.transcript' }),
  })
  :with_context('CliContext')
  :no_display()
  :with_about('about.package.repl')
  :with_examples('package repl hello-world')
