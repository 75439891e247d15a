local cli = require('lib.rpc.cli')
local json = require('engine.json')
local rpc = require('lib.rpc')
local support = require('support.cli')
local t = rpc.types

local function remote(params)
  return rpc.from_fn(function() end):with_params(params):with_about('about.echo')
    :with_call_remote('CliContext')
end

--- What the parser is told about the arguments, and what the method is sent for some words.
local function arguments(params)
  local root = rpc.parent():subcommand('m', remote(params))
  local list = {}
  for _, entry in ipairs(cli.describe(root).subcommands[1].args) do
    list[entry.key] = entry
    list[#list + 1] = entry.key
  end
  return list
end

local function sent(params, words, prepare)
  local env = support.environment()
  for key, value in pairs(prepare or {}) do
    env[key] = value
  end
  local root = rpc.parent():subcommand('m', remote(params))
  local status = cli.run(root, { 'm' }, words, {}, env)
  return env.calls[1] and env.calls[1].params, env.complained, status
end

describe('the argument form of', function()
  it('a plain positional', function()
    local args = arguments({ packageId = t.package_id{ positional = true } })
    expect(args.packageId.kind):equals('positional')
    expect(args.packageId.name):equals('PACKAGE_ID')
    expect(args.packageId.required):is_true()
    expect(sent({ packageId = t.package_id{ positional = true } }, { packageId = 'a' }))
      :equals({ packageId = 'a' })
  end)

  it('positionals in their order, before the options', function()
    local args = arguments({ b = t.string{ positional = 1 }, a = t.string{ positional = 2 },
      z = t.string, c = t.flag })
    expect({ unpack(args) }):equals({ 'b', 'a', 'c', 'z' })
  end)

  it('an optional positional', function()
    local params = { id = t.string{ positional = true, optional = true } }
    expect(arguments(params).id.required):is_false()
    expect(sent(params, {})):equals({})
  end)

  it('a repeated positional', function()
    local args = arguments({ ids = t.array{ of = t.package_id, positional = true, default = {} } })
    expect(args.ids.repeated):is_true()
    expect(args.ids.type):equals('string')
    expect(sent({ ids = t.array{ of = t.integer, positional = true } }, { ids = { '1', '2' } }))
      :equals({ ids = { 1, 2 } })
  end)

  it('an option, in kebab-case', function()
    local args = arguments({ dryRun = t.string, n = t.integer{ short = 'n', default = 3 } })
    expect(args.dryRun.long):equals('--dry-run')
    expect(args.dryRun.required):is_true()
    expect(args.n.short):equals('-n')
    expect(args.n.default):equals(3)
    expect(args.n.type):equals('integer')
    expect(sent({ n = t.integer }, { n = '12' })):equals({ n = 12 })
    expect(sent({ n = t.integer }, { n = 12 })):equals({ n = 12 })
    expect(sent({ n = t.number }, { n = '-1.5e3' })):equals({ n = -1500 })
  end)

  it('an option with another name', function()
    expect(arguments({ options = t.array{ of = t.string, long = 'option' } }).options.long)
      :equals('--option')
  end)

  it('a flag', function()
    local args = arguments({ force = t.flag{ short = 'f' } })
    expect(args.force.kind):equals('flag')
    expect(args.force.required):is_false()
    expect(sent({ force = t.flag }, { force = true })):equals({ force = true })
    expect(sent({ force = t.flag }, {})):equals({})
  end)

  it('a flag that is on by default', function()
    local args = arguments({ wait = t.flag{ default = true } })
    expect(args.wait.long):equals('--no-wait')
    expect(args.wait.value):is_false()
    expect(arguments({ wait = t.flag{ default = true, long = 'nowait' } }).wait.long)
      :equals('--nowait')
  end)

  it('a boolean that has to be said', function()
    local args = arguments({ enable = t.boolean })
    expect(args.enable.kind):equals('option')
    expect(args.enable.choices):equals({ 'true', 'false' })
    expect(sent({ enable = t.boolean }, { enable = 'false' })):equals({ enable = false })
  end)

  it('an enum and a path', function()
    local args = arguments({ mode = t.enum{ 'a', 'b' }, file = t.path })
    expect(args.mode.choices):equals({ 'a', 'b' })
    expect(args.file.type):equals('path')
  end)

  it('a trailing list', function()
    local list = t.array{ of = t.string, positional = true, trailing = true }
    local args = arguments({ command = list })
    expect(args.command.trailing):is_true()
  end)

  it('JSON: text, - and @file', function()
    local schema = { value = t.json }
    expect(arguments(schema).value.type):equals('string')
    expect(sent(schema, { value = '{"a":[1]}' })):equals({ value = { a = { 1 } } })
    expect(sent(schema, { value = '-' }, { stdin = '[2]' })):equals({ value = { 2 } })
    expect(sent(schema, { value = '@f' }, { files = { f = '3' } })):equals({ value = 3 })
    local _, complaint, status = sent(schema, { value = '{' })
    expect(complaint):contains('error: --value: not JSON')
    expect(status):equals(2)
  end)

  it('raw JSON, which stays as it was written', function()
    local params = sent({ value = t.json{ raw = true } }, { value = '1.0' })
    expect(tostring(params.value)):equals('1.0')
    expect(type(params.value)):equals('userdata')
  end)

  it('text: words, - and @file', function()
    local schema = { script = t.text{ positional = true } }
    expect(sent(schema, { script = 'return 1' })):equals({ script = 'return 1' })
    expect(sent(schema, { script = '-' }, { stdin = 'a\nb\n' })):equals({ script = 'a\nb\n' })
    expect(sent(schema, { script = '@f' }, { files = { f = 'x' } })):equals({ script = 'x' })
    local _, complaint = sent(schema, { script = '@g' })
    expect(complaint):contains('g is not there')
  end)

  it('a string from standard input, without its last newline', function()
    expect(sent({ key = t.string{ stdin = true } }, { key = '-' }, { stdin = 's3cret\n' }))
      :equals({ key = 's3cret' })
    expect(sent({ key = t.string }, { key = '-' })):equals({ key = '-' })
    expect(sent({ key = t.string }, { key = '@home' })):equals({ key = '@home' })
  end)

  it('a secret: from standard input or a file, never a positional, its default unseen', function()
    local schema = { password = t.secret{ default = 'start' } }
    expect(arguments(schema).password.default):is_nil()
    expect(sent(schema, { password = '-' }, { stdin = 'p\n' })):equals({ password = 'p' })
    expect(sent(schema, { password = '@f' }, { files = { f = 'q\n' } })):equals({ password = 'q' })
    expect(sent(schema, { password = '@@q' })):equals({ password = '@q' })
    local _, complaint = sent(schema, { password = '@q' })
    expect(complaint):contains('a value that begins with @ is written @@q')
  end)

  it('bytes: base64 as it is, files as they are', function()
    expect(sent({ key = t.bytes }, { key = 'aGk=' })):equals({ key = 'aGk=' })
    expect(sent({ key = t.bytes }, { key = '@f' }, { files = { f = 'hi\n' } }))
      :equals({ key = 'aGkK' })
  end)

  it('standard input once only', function()
    local schema = { a = t.text, b = t.text }
    local _, complaint, status = sent(schema, { a = '-', b = '-' }, { stdin = 'x' })
    expect(complaint):contains('standard input was read for')
    expect(status):equals(2)
  end)

  it('a value of several forms, as JSON', function()
    local schema = { target = t.tagged{ tag = 'type', variants = {
      file = t.object{ fields = { path = t.path } },
    } } }
    expect(sent(schema, { target = '{"type":"file","path":"/a"}' }))
      :equals({ target = { type = 'file', path = '/a' } })
  end)

  it('a parameter that is not for the CLI', function()
    expect(arguments({ a = t.string{ no_cli = true, optional = true } })):has_length(0)
  end)
end)

describe('cli.describe', function()
  it('gives the tree with help in the locale', function()
    local root = rpc.parent():subcommand('g', rpc.parent():with_about('about.server')
      :with_params({ package = t.string{ positional = true, help = 'help.arg.package-id' } })
      :subcommand('m', remote({})))
    local tree = cli.describe(root, { locale = 'de_DE', name = 'moon-cli' })
    expect(tree.name):equals('moon-cli')
    expect(tree.labels.usage):equals('Aufruf')
    expect(tree.subcommands[1].about):equals('Der Dienst selbst')
    expect(tree.subcommands[1].callable):is_false()
    expect(tree.subcommands[1].args[1].help):equals('Paket')
    expect(tree.subcommands[1].subcommands[1].callable):is_true()
    expect(json.encode(tree)):matches('^{')
  end)

  it('says what is deprecated', function()
    local leaf = rpc.from_fn(function() end):with_metadata('deprecated', true)
      :with_about('about.echo'):with_call_remote('CliContext')
    local tree = cli.describe(rpc.parent():subcommand('m', leaf), { locale = 'fr_FR' })
    expect(tree.subcommands[1].about):contains('[obsolète]')
  end)

  it('leaves out what is RPC only and has groups with a root handler callable', function()
    local root = rpc.parent()
      :subcommand('hidden', rpc.from_fn(function() end):no_cli())
      :subcommand('g', rpc.parent():with_about('about.server')
        :root_handler(remote({ follow = t.flag })))
    local tree = cli.describe(root)
    expect(tree.subcommands):has_length(1)
    expect(tree.subcommands[1].callable):is_true()
    expect(tree.subcommands[1].args[1].long):equals('--follow')
  end)
end)

describe('cli.run', function()
  local function handler(fn) return rpc.from_fn(fn):with_context('CliContext') end

  it('calls the method of the same path with its deadline', function()
    local env = support.environment()
    local root = rpc.parent():subcommand('g', rpc.parent():with_about('about.server')
      :subcommand('m', rpc.from_fn(function() end):with_metadata('deadline', 60)
        :with_result(t.json{ raw = true }):with_about('about.echo'):with_call_remote('CliContext')))
    expect(cli.run(root, { 'g', 'm' }, {}, {}, env)):equals(0)
    expect(env.calls[1].method):equals('g.m')
    expect(env.calls[1].options.timeout):equals(65)
    expect(env.calls[1].options.raw):is_true()
    cli.run(root, { 'g', 'm' }, {}, { locale = 'pl_PL' }, env)
    expect(env.calls[2].options.locale):equals('pl_PL')
  end)

  it('runs a CLI handler here, checked and with defaults', function()
    local env, got = support.environment(), nil
    local root = rpc.parent():subcommand('m', handler(function(call, params)
      got = { call.ctx.name, call.path, params, call.ctx.remote ~= nil }
      return 'x'
    end):with_params({ n = t.integer{ default = 2 } }):with_about('about.echo'))
    expect(cli.run(root, { 'm' }, {}, {}, env)):equals(0)
    expect(got):equals({ 'CliContext', 'm', { n = 2 }, true })
    expect(env.printed):equals('x\n')
    expect(cli.run(root, { 'm' }, { n = 'x' }, {}, env)):equals(2)
    expect(env.complained):contains('expected a number')
  end)

  it('shows an empty list as one', function()
    local env = support.environment()
    local root = rpc.parent():subcommand('m', handler(function() return {} end)
      :with_result(t.array(t.string)):with_display_serializable():with_about('about.echo'))
    cli.run(root, { 'm' }, {}, { format = 'json' }, env)
    expect(env.printed):equals('[]\n')
  end)

  it('tells the failures of CLI handlers as the daemon does', function()
    local function told(...)
      local env, given = support.environment(), { ... }
      local root = rpc.parent():subcommand('m', handler(function()
        return unpack(given, 1, 2)
      end):with_about('about.echo'))
      for _, format in ipairs({ 'table', 'json' }) do
        cli.run(root, { 'm' }, {}, { locale = 'de_DE', format = format }, env)
      end
      return env.printed .. env.complained
    end
    expect(told(nil, { code = 5, message = 'five' })):contains('Fehler: Skriptfehler: five\n')
    expect(told(nil, { code = 5, message = 'five' })):contains('"kind":"script"')
    expect(told(nil, { code = 'conflict', message = { 1 }, hint = 7 })):contains(
      'Fehler: In diesem Zustand nicht möglich: conflict\n')
    expect(told(nil, { code = 'invalid_params', message = 'm', details = { 1, {} } })):contains(
      'Fehler: m\n')
    -- What stands beside a result: `return text:gsub(…)`.
    expect(told('text', 3)):equals('text\n"text"\n')
  end)

  it('shows no data of a result without a JSON form', function()
    for _, format in ipairs({ 'json', 'json-pretty', 'yaml' }) do
      local env = support.environment()
      local root = rpc.parent():subcommand('m', handler(function() return { f = print } end)
        :with_display_serializable():with_about('about.echo'))
      expect(cli.run(root, { 'm' }, {}, { format = format }, env)):equals(1)
      expect(env.printed):equals('')
      expect(env.complained):contains('the result of m: ')
    end
  end)

  it('names parameters as the command line does', function()
    local env = support.environment(function()
      return nil, { code = 'invalid_params', message = 'params.maxSize: is wrong (and 1 more)',
        details = { { path = 'params.maxSize', message = 'is wrong' },
          { path = 'params.id[2].x', message = 'is worse' } } }
    end)
    local root = rpc.parent():subcommand('m', remote({ maxSize = t.optional(t.integer),
      id = t.array{ of = t.string, positional = true, default = {} } }))
    expect(cli.run(root, { 'm' }, {}, {}, env)):equals(2)
    expect(env.complained):equals(
      'error: --max-size: is wrong (and 1 more)\n  ID[2].x: is worse\n')
  end)

  it('hints at commands that mean the same daemon', function()
    local root = rpc.parent():subcommand('m', rpc.from_fn(function()
      return nil, { code = 'not_found', message = 'no package a',
        hint = 'moon-cli package list shows what is, moon-cli job list, too; see moon-cli(1)' }
    end):with_context('CliContext'))
    local env = support.environment()
    cli.run(root, { 'm' }, {}, { daemonOptions = { '--data-dir', "/d%1/it's", '--instance', 'b' } },
      env)
    local program = [[moon-cli --data-dir '/d%1/it'\''s' --instance b]]
    expect(env.complained):equals(('error: no package a\nhint: %s package list shows what is, '
      .. '%s job list, too; see moon-cli(1)\n'):format(program, program))
  end)

  it('prints errors as a line and a hint, or as JSON', function()
    local function answer()
      return nil, { code = 'not_found', message = 'no package a', hint = 'see package list' }
    end
    local env = support.environment(answer)
    local root = rpc.parent():subcommand('m', remote({}))
    expect(cli.run(root, { 'm' }, {}, {}, env)):equals(9)
    expect(env.complained):equals('error: no package a\nhint: see package list\n')
    expect(env.printed):equals('')
    env = support.environment(answer)
    cli.run(root, { 'm' }, {}, { format = 'json' }, env)
    local told = json.decode(env.complained).error
    expect(told.kind):equals('not_found')
    expect(told.exitCode):equals(9)
    expect(told.where):equals(nil)
  end)

  it('says where an error is, in data', function()
    local function where_of(details)
      local env = support.environment(function()
        return nil, { code = 'script', message = 'm', details = details }
      end)
      cli.run(rpc.parent():subcommand('m', remote({})), { 'm' }, {}, { format = 'json' }, env)
      return json.decode(env.complained).error.where
    end
    expect(where_of({ file = 'core/a.lua', line = 7 })):equals('core/a.lua:7')
    expect(where_of({ file = 'core/a.lua' })):equals('core/a.lua')
    expect(where_of({ { path = '--limit', message = 'm' } })):equals('--limit')
    expect(where_of({ socket = '/s' })):equals('/s')
    expect(where_of('words')):equals(nil)
  end)

  it('leaves who interrupts a command in peace', function()
    local function cancelled() return nil, { code = 'cancelled', message = 'm' } end
    local env = support.environment(cancelled)
    env.interrupted = function() return 2 end
    cli.run(rpc.parent():subcommand('m', remote({})), { 'm' }, {}, {}, env)
    expect(env.complained):equals('')
  end)

  local function shown(build, result, format, tty)
    local env = support.environment(function() return result end)
    env.out.tty = tty
    local leaf = build(rpc.from_fn(function() end)):with_about('about.echo')
      :with_call_remote('CliContext')
    cli.run(rpc.parent():subcommand('m', leaf), { 'm' }, {}, { format = format }, env)
    return env.printed
  end

  local function text(leaf) return leaf end
  local function none(leaf) return leaf:no_display() end
  local function data(leaf) return leaf:with_display_serializable() end
  local function custom(leaf)
    return leaf:with_display_serializable():with_custom_display_fn(function(_params, result, out)
      out:line('custom ' .. result.a)
    end)
  end

  it('says none for a table without rows, to a terminal only', function()
    local function list(leaf)
      return data(leaf):with_custom_display_fn(function(_params, result, out)
        out:table({ 'a' }, result)
      end)
    end
    expect(shown(list, {})):equals('A\n')
    expect(shown(list, {}, nil, true)):equals('none\n')
    expect(shown(list, { { a = 1 } }, nil, true)):equals('A\n1\n')
  end)

  it('prints in each format', function()
    expect(shown(text, 'hi')):equals('hi\n')
    expect(shown(text, 'hi', 'json')):equals('"hi"\n')
    expect(shown(text, nil)):equals('')
    expect(shown(text, nil, 'json')):equals('null\n')
    expect(shown(none, 'hi')):equals('')
    expect(shown(data, { a = 1 })):equals('a:  1\n')
    expect(shown(data, { a = 1 }, 'table')):equals('a:  1\n')
    expect(shown(data, { a = 1 }, 'json')):equals('{"a":1}\n')
    expect(shown(data, { a = 1, b = json.array() }, 'json-pretty'))
      :equals('{\n  "a": 1,\n  "b": []\n}\n')
    expect(shown(data, { a = { 1, 'x' } }, 'yaml')):equals('a:\n- 1\n- x\n')
    expect(shown(custom, { a = 1 })):equals('custom 1\n')
    expect(shown(custom, { a = 1 }, 'json')):equals('{"a":1}\n')
  end)

  it('prints every shape of result in every format', function()
    local empty, list = json.array(), json.array({ 1, json.array({ 'x' }) })
    for _, case in ipairs({
      -- value, table, json, json-pretty, yaml
      { nil, '', 'null\n', 'null\n', 'null\n' },
      { json.null, '', 'null\n', 'null\n', 'null\n' },
      { true, 'true\n', 'true\n', 'true\n', 'true\n' },
      { 1.5, '1.5\n', '1.5\n', '1.5\n', '1.5\n' },
      { 'a\nb', 'a\nb\n', '"a\\nb"\n', '"a\\nb"\n', '|-\n  a\n  b\n' },
      { empty, '', '[]\n', '[]\n', '[]\n' },
      { {}, '', '{}\n', '{}\n', '{}\n' },
      { list, '1\nx\n', '[1,["x"]]\n', '[\n  1,\n  [\n    "x"\n  ]\n]\n', '- 1\n- - x\n' },
      { { aB = { c = json.null } }, 'aB:\n  c: null\n', '{"aB":{"c":null}}\n',
        '{\n  "aB": {\n    "c": null\n  }\n}\n', 'aB:\n  c: null\n' },
    }) do
      for i, format in ipairs({ 'table', 'json', 'json-pretty', 'yaml' }) do
        expect({ format, shown(data, case[1], format) }):equals({ format, case[i + 1] })
      end
    end
  end)

  it('tells an error in the format of results', function()
    local root = rpc.parent():subcommand('m', remote({}))
    local function told(format)
      local env = support.environment(function()
        return nil, { code = 'not_found', message = 'm' }
      end)
      cli.run(root, { 'm' }, {}, { format = format }, env)
      return env.complained
    end
    expect(told('table')):equals('error: m\n')
    expect(told('json')):equals('{"error":{"exitCode":9,"kind":"not_found","message":"m"}}\n')
    expect(json.decode(told('json-pretty')).error.kind):equals('not_found')
    expect(told('yaml')):equals('error:\n  exitCode: 9\n  kind: not_found\n  message: m\n')
  end)

  it('prints raw results as they came', function()
    expect(shown(data, json.raw('{"b":1.0,"a":2}'), 'json')):equals('{"b":1.0,"a":2}\n')
    expect(shown(data, json.raw('[{"a":2}]'))):equals('A\n2\n')
  end)

  it('says when there is no such command', function()
    local env = support.environment()
    expect(cli.run(rpc.parent():subcommand('m', remote({})), { 'x' }, {}, {}, env)):equals(2)
    expect(env.complained):contains("unknown command 'x'")
  end)
end)
