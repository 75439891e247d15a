--- Everything that is made from the handler tree says the same about each method.
local argv = require('support.argv')
local check = require('lib.rpc.check')
local cli = require('lib.rpc.cli')
local completion = require('lib.rpc.generate.completion')
local core = require('core')
local crypto = require('engine.crypto')
local errc = require('engine.errc')
local file = require('engine.file')
local json = require('engine.json')
local luacats = require('lib.rpc.generate.luacats')
local man = require('lib.rpc.generate.man')
local methods_of = require('lib.rpc.generate.methods')
local names = require('lib.names')
local openrpc = require('lib.rpc.openrpc')
local reference = require('lib.rpc.generate.reference')
local scan = require('lib.rpc.scan')
local tree = require('lib.rpc.tree')
local typescript = require('lib.rpc.generate.typescript')
local wire_registry = require('lib.rpc.generate.wire_registry')

local methods = methods_of.of(core, 'RpcContext')
local described = cli.describe(core)
local commands = methods_of.commands(described)
local leaves = tree.leaves(tree.build(core, 'CliContext'))

local function has(text, part) return text:find(part, 1, true) ~= nil end

local READER = {
  read_stdin = function() return '' end, read_file = function() return '' end,
  decode = json.decode, raw = json.raw,
}

describe('every command', function()
  it('takes what its help says, and what it sends passes the check of the server', function()
    for _, leaf in ipairs(leaves) do
      local words = argv.typed(leaf)
      local params, err = scan.params(words, leaf.params, READER)
      expect({ leaf.method, err }):equals({ leaf.method })
      local _, problems = check.params(leaf)(params)
      expect({ leaf.method, problems }):equals({ leaf.method })
    end
  end)

  it('that is called remotely calls a method that is there', function()
    local there = {}
    for _, method in ipairs(methods) do
      there[method.method] = method
    end
    for _, leaf in ipairs(leaves) do
      if leaf.remote then
        expect({ leaf.method, there[leaf.method] ~= nil }):equals({ leaf.method, true })
        expect(names.sorted_keys(there[leaf.method].params.properties or {}))
          :equals(names.sorted_keys(leaf.params))
      end
    end
  end)

  it('has a manual page with each of its arguments', function()
    local pages = man.pages(described, { version = '1', globals = cli.globals() })
    for _, command in ipairs(commands) do
      local page = pages[man.name(command)]:gsub('\\%-', '-')
      for _, argument in ipairs(command.node.args) do
        local name = argument.kind == 'positional' and argument.name or argument.long
        for _, said in ipairs({ name, argument.short or name,
          argument.default ~= nil and tostring(argument.default) or name,
          unpack(argument.choices or {}) }) do
          expect({ man.name(command), said, has(page, said) })
            :equals({ man.name(command), said, true })
        end
      end
      for _, child in ipairs(command.node.subcommands) do
        expect(has(page, child.name)):is_true()
      end
    end
  end)

  it('is completed with all its options in every shell', function()
    local globals = cli.globals()
    for _, shell in ipairs(completion.SHELLS) do
      local script = completion.script(shell, described, globals)
      for _, command in ipairs(commands) do
        for _, argument in ipairs(command.node.args) do
          local long = argument.long and (shell == 'fish' and '-l ' .. argument.long:sub(3)
            or argument.long)
          expect({ shell, long, not long or has(script, long) }):equals({ shell, long, true })
          for _, choice in ipairs(argument.choices or {}) do
            expect({ shell, choice, has(script, choice) }):equals({ shell, choice, true })
          end
        end
        for _, child in ipairs(command.node.subcommands) do
          expect(has(script, child.name)):is_true()
        end
      end
    end
  end)
end)

describe('every method', function()
  local document = openrpc.document(methods, { title = 'moonbox', version = '1', array = json.array,
    errors = errc.kinds })
  local types, stubs = typescript.document(methods, errc.kinds), luacats.document(methods)
  local page = reference.document(methods)

  it('is in the OpenRPC document with its parameters', function()
    expect(#document.methods):equals(#methods)
    for i, method in ipairs(methods) do
      local entry, keys = document.methods[i], {}
      for p, param in ipairs(entry.params) do
        keys[p] = param.name
        expect(param.schema):equals(method.params.properties[param.name])
        expect(param.required):equals(methods_of.is_required(method.params, param.name))
      end
      expect(entry.name):equals(method.method)
      expect(keys):equals(names.sorted_keys(method.params.properties or {}))
      expect(entry['x-moonbox'].wire):equals(method.wire)
      for _, reference_to in ipairs(entry.errors) do
        local kind = reference_to['$ref']:match('[^/]+$')
        expect(document.components.errors[kind].code):equals(errc.kinds[kind].number)
      end
    end
  end)

  --- The text between one method and the next.
  local function part(text, from, to)
    local first = assert(text:find(from, 1, true), from)
    local last = text:find(to, first + #from, true) or #text
    return text:sub(first, last)
  end

  it('is in types, stubs and reference with its parameters', function()
    for _, method in ipairs(methods) do
      local in_types = part(types, ("\n  '%s': {"):format(method.method), '\n  };')
      local in_page = part(page, '\n### ' .. method.method .. '\n', '\n##')
      local overload = part(stubs, ("method: '%s'"):format(method.method), '\n')
      local class = overload:match('params%??: (moonbox%.%a+)')
      local in_stubs = class and part(stubs, '---@class ' .. class .. '\n', '\n\n') or ''
      for _, key in ipairs(names.sorted_keys(method.params.properties or {})) do
        local mark = methods_of.is_required(method.params, key) and '' or '?'
        expect({ method.method, key, has(in_types, ('\n      %s%s: '):format(key, mark)) })
          :equals({ method.method, key, true })
        expect(has(in_page, ('| `%s` |'):format(key))):is_true()
        expect({ method.method, key, has(in_stubs, ('---@field %s%s '):format(key, mark)) })
          :equals({ method.method, key, true })
      end
    end
  end)

  it('has a wire name of its own', function()
    local registry = wire_registry.of(methods, { encode = json.encode, hash = tostring })
    expect(#names.sorted_keys(registry)):equals(#methods)
  end)
end)

describe('the wire registry', function()
  it('asks for a new version when a schema changes', function()
    expect(wire_registry.compare({ ['query:a.v1'] = 'x' }, { ['query:a.v1'] = 'y' })[1]):equals(
      "the schema of query:a.v1 has changed: bump its version: with_metadata('version', 2)")
    expect(wire_registry.compare({ ['query:a.v1'] = 'x' }, { ['query:a.v2'] = 'y' })):equals({})
  end)

  it('has one hash of all, which no order and every schema changes', function()
    local tools = { encode = json.encode, hash = crypto.sha256 }
    local ping = { wire = 'query:ping.v1', params = { type = 'object' } }
    local echo = { wire = 'query:echo.v1', params = { type = 'object' },
      result = { type = 'string' } }
    local digest = wire_registry.digest({ ping, echo }, tools)
    expect(digest):matches('^' .. ('%x'):rep(64) .. '$')
    expect(digest):equals(crypto.sha256(('query:echo.v1 %s\nquery:ping.v1 %s\n'):format(
      wire_registry.hash(echo, tools), wire_registry.hash(ping, tools))))
    expect(wire_registry.digest({ echo, ping }, tools)):equals(digest)
    expect(wire_registry.digest({ echo }, tools) ~= digest):is_true()
    echo.result = { type = 'integer' }
    local changed = wire_registry.digest({ ping, echo }, tools)
    expect(changed ~= digest):is_true()
    echo.wire = 'query:echo.v2'
    expect(wire_registry.digest({ ping, echo }, tools) ~= changed):is_true()
  end)

  it('keeps the names that were', function()
    expect(json.decode(wire_registry.document({ ['query:a.v1'] = 'x' }, { ['query:a.v2'] = 'y' })))
      :equals({ ['query:a.v1'] = 'x', ['query:a.v2'] = 'y' })
  end)
end)

describe('what is written down', function()
  for name, made in pairs({
    ['docs/methods.md'] = reference.document(methods),
    ['docs/moonbox.d.ts'] = typescript.document(methods, errc.kinds),
    ['bindings/meta/methods.lua'] = luacats.document(methods),
  }) do
    it(name .. ' is what the tree gives today; ./dev docs writes it', function()
      expect(assert(file.read(name)) == made):is_true()
    end)
  end
end)
