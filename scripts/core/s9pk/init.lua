--- `s9pk.*`: what package authors do, all of it on their own machine.
local command = require('core.command')
local copy = require('lib.copy')
local display = require('lib.display')
local edit = require('core.s9pk.edit')
local folder = require('core.s9pk.folder')
local inspect = require('core.s9pk.inspect')
local keys = require('core.s9pk.keys')
local pack = require('core.s9pk.pack')
local rpc = require('lib.rpc')
local signer = require('core.s9pk.signer')
local source = require('core.s9pk.source')
local template = require('core.s9pk.template')
local term = require('engine.term')
local t = rpc.types

local BAD = 1

local here = t.path{ positional = true, default = '.', help = 'help.arg.directory' }

-- A folder given as the default is not made absolute by the parser.
local function absolute(directory)
  if directory ~= '.' then return directory end
  return os.getenv('PWD') or directory
end

local function init(call, params)
  return template.create(absolute(params.directory), params.id, call.ctx.facts.scripts)
end

local function show_init(_params, made, out)
  out:line(('the package %s begins in %s'):format(made.id, made.directory))
  for _, name in ipairs(made.files) do
    out:line('  ' .. name:sub(#made.directory + 2))
  end
  out:line(('next: moon-cli s9pk test %s && moon-cli s9pk pack %s'):format(made.directory,
    made.directory))
end

local function keygen(_call, params)
  local path, err = params.file, nil
  if not path then path, err = keys.default_path() end
  if not path then return nil, err end
  local public, wrong = keys.create(path)
  if not public then return nil, wrong end
  return { file = path, publicKey = public }
end

local function show_keygen(_params, result, out)
  out:line(('the private key is in %s; keep it safe, it signs your packages'):format(result.file))
  out:write(result.publicKey)
end

local function run_pack(call, params)
  local result, err = pack.run(absolute(params.directory), copy.merged(params, {
    say = function(step) call.ctx.progress('packing: ' .. step) end,
    bar = function(title) return source.progress(call, title) end,
  }))
  call.ctx.progress(nil)
  return result, err
end

local function show_pack(_params, result, out)
  signer.show(result, out)
  out:block({
    { 'package', ('%s %s'):format(result.id, result.version) }, { 'file', result.output },
    { 'size', ('%s, %d files'):format(display.bytes(result.size), result.files) },
    { 'root hash', result.commitment.rootSighashHex },
  })
end

local function sign(_call, params)
  local text, err = term.read_stdin()
  if not text then return nil, err end
  return signer.answer(text, params)
end

local function show_sign(_params, made, out) out:write(made.publicKey .. made.signature) end

local function test(call, params)
  local testing = require('runtime.testing')
  local quiet = call.format ~= nil and call.format ~= 'table'
  local report, err = testing.run(absolute(params.directory), {
    print = not quiet and function(line) term.write(line .. '\n') end or nil,
  })
  if not report then return nil, err end
  if report.failed > 0 then call.ctx.exit(BAD) end
  return report
end

local function show_test(_params, report, out)
  out:line(('%d passed, %d failed'):format(report.passed, report.failed))
end

return rpc.parent():with_about('about.s9pk')
  :with_context('CliContext')
  :subcommand('init', command(init, {
    directory = here,
    id = t.optional(t.package_id{ help = 'help.arg.package-id' }),
  }, show_init, 'about.s9pk.init'):with_examples('s9pk init my-app'))
  :subcommand('keygen', command(keygen, {
    file = t.optional(t.path{ positional = true, help = 'help.arg.key-file' }),
  }, show_keygen, 'about.s9pk.keygen'))
  :subcommand('pack', command(run_pack, {
    directory = here, key = signer.PARAMS.key, signCommand = signer.PARAMS.signCommand,
    signTimeout = signer.PARAMS.signTimeout,
    output = t.optional(t.path{ short = 'o', help = 'help.arg.output' }),
    icon = folder.PARAMS.icon, license = folder.PARAMS.license,
    instructions = folder.PARAMS.instructions, procedures = folder.PARAMS.procedures,
    assets = folder.PARAMS.assets, noAssets = folder.PARAMS.noAssets, arch = folder.PARAMS.arch,
    cacert = source.PARAMS.cacert, timeout = source.PARAMS.timeout,
  }, show_pack, 'about.s9pk.pack')
    :with_examples('s9pk pack my-app -o my-app.s9pk', 's9pk pack my-app --key release.pem'))
  :subcommand('list-ingredients', require('core.s9pk.ingredients'))
  :subcommand('sign', command(sign, { key = signer.PARAMS.key,
    context = t.optional(t.string{ min_length = 1, max_length = 255,
      help = 'help.arg.sign-context' }),
  }, show_sign, 'about.s9pk.sign'))
  :subcommand('edit', edit.edit)
  :subcommand('convert', require('core.s9pk.convert').command)
  :subcommand('select', require('core.s9pk.select'))
  :subcommand('diff', require('core.s9pk.diff'))
  :subcommand('publish', require('core.s9pk.publish'))
  :subcommand('inspect', inspect.command)
  :subcommand('cat', inspect.cat)
  :subcommand('extract', inspect.extract)
  :subcommand('verify', require('core.s9pk.verify'))
  :subcommand('test', command(test, { directory = here }, show_test, 'about.s9pk.test'))
