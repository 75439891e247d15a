--- `man`: the manual pages of the commands.
local cli = require('lib.rpc.cli')
local file = require('engine.file')
local man = require('lib.rpc.generate.man')
local names = require('lib.names')
local process = require('engine.process')
local rpc = require('lib.rpc')
local t = rpc.types

local function pages(call)
  local tree = cli.describe(call.ctx.tree, { locale = call.locale })
  return man.pages(tree, {
    version = call.ctx.facts.version, globals = cli.globals(call.locale),
  })
end

local function write_all(all, folder)
  local made, err = file.mkdir(folder)
  if not made then return nil, err end
  for _, name in ipairs(names.sorted_keys(all)) do
    local written, failure = file.write(('%s/%s.1'):format(folder, name), all[name], 420)
    if not written then return nil, failure end
  end
  return nil
end

--- As man shows it, where there is a reader and a man; else as it is.
local function rendered(page, out)
  if not out.tty then return page end
  local shown = process.run({ 'man', '-P', 'cat', '-l', '-' }, {
    stdin = page, env = { MANWIDTH = out.width and tostring(math.min(out.width, 100)) or nil },
  })
  return shown and shown.code == 0 and shown.out or page
end

local function show(call, params)
  local all = pages(call)
  if params.output then return write_all(all, params.output) end
  local words = { 'moon-cli', unpack(params.command) }
  local page = all[table.concat(words, '-')]
  if not page then
    return nil, { code = 'usage', message = ("there is no command '%s'"):format(
      table.concat(params.command, ' ')), hint = 'moon-cli --help lists the commands' }
  end
  call.out:write(rendered(page, call.out))
  return nil
end

return rpc.from_fn_async(show)
  :with_params({
    command = t.array{ of = t.string, positional = true, default = {}, help = 'help.arg.command' },
    output = t.optional(t.path{ complete = 'directory', conflicts_with = 'command',
      help = 'help.arg.man-output' }),
  })
  :with_context('CliContext')
  :no_display()
  :with_about('about.man')
  :with_examples('man package start', 'man --output man1')
