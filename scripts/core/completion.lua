--- `completion`: what shells need to complete commands, options and names.
local cli = require('lib.rpc.cli')
local completion = require('lib.rpc.generate.completion')
local rpc = require('lib.rpc')
local tree = require('lib.rpc.tree')
local t = rpc.types

--- Seconds for the daemon's answer: nobody waits longer for a completion.
local BUDGET = 0.2

--- Values of a member of each row of a list method.
local function members(method, key)
  return function(call)
    local rows = call.ctx.remote(method, {}, { timeout = BUDGET, read_only = true })
    local list = {}
    for i, row in ipairs(rows or {}) do
      list[i] = row[key]
    end
    return list
  end
end

local function method_names(call)
  local list = {}
  for i, leaf in ipairs(tree.leaves(tree.build(call.ctx.tree, 'RpcContext'))) do
    list[i] = leaf.method
  end
  return list
end

local SOURCES = {
  package = members('package.list', 'id'), job = members('job.list', 'id'), method = method_names,
}

--- Whatever fails here, the shell offers nothing and says nothing.
local function values(call, params)
  local source = SOURCES[params.kind]
  for _, value in ipairs(source and source(call) or {}) do
    call.out:line(value)
  end
  return nil
end

local function script(shell)
  return function(call)
    local described = cli.describe(call.ctx.tree, { locale = call.locale })
    call.out:write(completion.script(shell, described, cli.globals(call.locale)))
    return nil
  end
end

local group = rpc.parent():with_about('about.completion')
for _, shell in ipairs(completion.SHELLS) do
  group:subcommand(shell, rpc.from_fn_async(script(shell))
    :with_context('CliContext')
    :no_display()
    :with_about('about.completion.' .. shell))
end

return group
  :subcommand('values', rpc.from_fn_async(values)
    :with_params({ kind = t.string{ positional = true, help = 'help.arg.completion-kind' } })
    :with_context('CliContext')
    :no_display()
    :with_about('about.completion.values'))
