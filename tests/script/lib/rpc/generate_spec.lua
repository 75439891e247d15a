--- What is made from a small tree. That the real one agrees with itself is the affair of
--- core/agreement_spec.lua.
local errc = require('engine.errc')
local json = require('engine.json')
local luacats = require('lib.rpc.generate.luacats')
local man = require('lib.rpc.generate.man')
local methods_of = require('lib.rpc.generate.methods')
local openrpc = require('lib.rpc.openrpc')
local reference = require('lib.rpc.generate.reference')
local rpc = require('lib.rpc')
local typescript = require('lib.rpc.generate.typescript')
local t = rpc.types

local function noop() end

local function small_tree(change)
  local leaf = rpc.from_fn(noop)
    :with_params({
      id = t.package_id{ positional = true, help = 'help.arg.package-id' },
      level = t.enum{ 'low', 'high', default = 'low' },
      target = t.optional(t.tagged{ tag = 'type', variants = {
        file = t.object{ fields = { path = t.path } }, url = t.object{ fields = { url = t.url } },
      } }),
      size = t.size{ default = '1K', max = 4096 },
      all = t.flag{ conflicts_with = 'target' },
    })
    :with_result(t.array(t.object{ fields = {
      name = t.string, note = t.nullable(t.string), more = t.map{ of = t.integer, optional = true },
    } }))
    :with_errors('not_found')
    :with_metadata('deprecated', true)
  if change then change(leaf) end
  return rpc.parent():subcommand('g', rpc.parent():with_about('about.server')
    :subcommand('do-it', leaf:with_about('about.echo'):with_call_remote('CliContext')))
end

local function methods(change) return methods_of.of(small_tree(change), 'RpcContext') end

describe('TypeScript', function()
  it('has the types of parameters and result', function()
    local text = typescript.document(methods(), errc.kinds)
    expect(text):contains([[
   * Answer with the given message
   * Wire name: `action:g.do-it.input.v1`.
   * @deprecated
   */
  'g.do-it': {
    params: {
      all?: boolean;
      /** Package */
      id: string;
      level?: 'low' | 'high';
      size?: number | string;
      target?: {
        path: string;
        type: 'file';
      } | {
        type: 'url';
        url: string;
      };
    };
    result: Array<{
      more?: Record<string, number>;
      name: string;
      note: string | null;
    }>;
  };]])
  end)

  it('is what no_ts, unknown_ts and custom_ts say', function()
    local function made(change) return typescript.document(methods(change), errc.kinds) end
    expect(made(function(leaf) leaf:no_ts() end):find('do-it', 1, true)):is_nil()
    expect(made(function(leaf) leaf:unknown_ts() end)):contains('params: any;\n    result: any;')
    expect(made(function(leaf) leaf:custom_ts('{ a: 1 }', 'Blob') end))
      :contains('params: { a: 1 };\n    result: Blob;')
  end)
end)

describe('LuaCATS', function()
  it('have a class of parameters and a call for each method', function()
    local text = luacats.document(methods())
    expect(text):contains('---@class moonbox.GDoItParams\n---@field all? boolean\n'
      .. "---@field id string Package\n---@field level? 'low'|'high'\n")
    expect(text):contains("call fun(self, method: 'g.do-it', params: moonbox.GDoItParams, ")
    expect(text):contains(
      '(({ more?: table<string, integer>, name: string, note: string|nil })[])?')
  end)
end)

describe('the reference', function()
  it('tells everything about a method', function()
    local text = reference.document(methods())
    expect(text):contains('### g.do-it\n')
    expect(text):contains('**Deprecated.**')
    expect(text):contains(
      '    moon-cli g do-it ID [--all] [--level LEVEL] [--size SIZE] [--target TARGET]\n')
    expect(text):contains('| `id` | `string` | required | Package (at most 64 characters) |')
    expect(text):contains('| `level` | `"low" \\| "high"` | `low` |  |')
    expect(text):contains('| `all` | `boolean` | `false` | not with `target` |')
    expect(text):contains('Errors: `not_found`.')
  end)
end)

describe('a manual page', function()
  it('quotes what roff would take for its own', function()
    local page = man.page({ words = { 'moon-cli', 'a-b' }, usage = { 'moon-cli', 'a-b' }, node = {
      name = 'a-b', about = '.starts with a dot \\ and a backslash', callable = true,
      subcommands = {}, args = { { kind = 'option', long = '--x-y', short = '-x', name = 'X_Y',
        help = "'quoted", required = true, repeated = true } },
    } }, { version = '1', labels = {}, globals = {} })
    expect(page):contains('moon\\-cli\\-a\\-b \\- \\&.starts with a dot \\e and a backslash')
    expect(page):contains('\\fB\\-x\\fR, \\fB\\-\\-x\\-y\\fR \\fIX_Y\\fR\n'
      .. "\\&'quoted [required; repeatable]")
  end)
end)

describe('OpenRPC', function()
  it('has what only moonbox knows in x-moonbox', function()
    local document = openrpc.document(methods(), { title = 'm', version = '1', array = json.array,
      errors = errc.kinds, hash = function() return 'h' end, locale = 'de_DE' })
    local method = document.methods[1]
    expect(method.deprecated):is_true()
    expect(method.params[2].description):equals('Paket')
    expect(method['x-moonbox'].class):equals('action')
    expect(method['x-moonbox'].wire):equals('action:g.do-it.input.v1')
    expect(method['x-moonbox'].schema_hash):equals('h')
    expect(method.errors[#method.errors]):equals({ ['$ref'] = '#/components/errors/not_found' })
    expect(document.components.errors.not_found.message):equals('Nicht gefunden')
    expect(document.components.errors.not_found.code):equals(6)
  end)
end)
