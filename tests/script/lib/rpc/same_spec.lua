--- The server and the command line refuse the same values in the same words, at the same place, and
--- fill in the same defaults: there is one check, and this is the list of all it can find.
local cli = require('lib.rpc.cli')
local i18n = require('lib.i18n')
local json = require('engine.json')
local names = require('lib.names')
local problem_of = require('lib.rpc.problem')
local rpc = require('lib.rpc')
local server = require('lib.rpc.server')
local support = require('support.cli')
local t = rpc.types

--- The methods of one declaration, on the server and in the CLI; each answers with what it got.
local function both(params)
  local function leaf(context)
    return rpc.from_fn(function(_, got) return got end):with_params(params):with_context(context)
  end
  local on_server = rpc.parent():with_context('RpcContext'):subcommand('m', leaf('RpcContext'))
  local on_line = rpc.parent():subcommand('m', leaf('CliContext'))
  local runner = server.load(on_server, 'RpcContext').runners.m
  return function(value, locale)
    return runner({ ctx = { name = 'RpcContext' }, locale = locale }, value)
  end, function(value, locale)
    local env = support.environment()
    local status = cli.run(on_line, { 'm' }, value, { locale = locale, format = 'json' }, env)
    return status, env.printed ~= '' and json.decode(env.printed) or nil,
      env.complained ~= '' and json.decode(env.complained).error or nil
  end
end

--- Each with the name of what it is to be refused with, below `error.params`.
local CASES = {
  { 'few', t.string{ min_length = 2 }, 'a', 'count-characters' },
  { 'many', t.string{ max_length = 2 }, 'abc', 'count-characters' },
  { 'pattern', t.string{ pattern = '^%d+$' }, 'x' },
  { 'pattern-hint', t.string{ pattern = '^%d+$', pattern_hint = 'digits' }, 'x' },
  { 'pattern', t.secret{ pattern = '^%d+$' }, 'hunter', 'a-string' },
  { 'form', t.url, 'x', 'url', 'url-form' }, { 'form', t.guid, 'x', 'guid', 'guid-form' },
  { 'form', t.package_id, 'X', 'package-id', 'package-id-form' },
  { 'form', t.path, '', 'path', 'path-form' },
  { 'form', t.path{ absolute = true }, 'a', 'absolute-path', 'absolute-path-form' },
  { 'form', t.pointer, 'x', 'pointer', 'pointer-form' },
  { 'form', t.datetime, 'x', 'datetime', 'datetime-form' },
  { 'form', t.bytes, '!', 'bytes', 'bytes-form' },
  { 'many', t.bytes{ max = 1 }, 'aGk=', 'count-bytes' },
  { 'at-least', t.integer{ min = 2 }, 1 }, { 'at-most', t.number{ max = 2 }, 2.5 },
  { 'at-least', t.integer{ min = 2, secret = true }, 1, 'a-number' },
  { 'mismatch', t.integer, 1.5, 'an-integer' }, { 'mismatch', t.int64, 1.5, 'int64' },
  { 'mismatch', t.duration, 'x', 'duration' }, { 'at-most', t.duration{ max = 60 }, '2m' },
  { 'mismatch', t.duration, -1, 'seconds' },
  { 'mismatch', t.size, 'x', 'size' }, { 'at-least', t.size{ min = 2048 }, '1K' },
  { 'one-of', t.enum{ 'one', 'two' }, 'onw', 'did-you-mean' },
  { 'few', t.array{ of = t.string, min = 2 }, { 'a' }, 'count-members' },
  { 'many', t.array{ of = t.string, max = 1 }, { 'a', 'b' }, 'count-members' },
  { 'many', t.array{ of = t.string{ max_length = 1 } }, { 'a', 'bb' } },
  { 'mismatch', t.array(t.json), { a = 1 }, 'an-array', 'an-object' },
  { 'mismatch', t.object{ fields = { a = t.integer } }, { a = true }, 'a-boolean' },
  { 'mismatch', t.object{ fields = { a = t.number } }, { a = json.null }, 'a-number', 'null' },
  { 'mismatch', t.map{ of = t.boolean }, { k = json.array() }, 'an-array' },
  { 'form', t.map{ of = t.any, keys = t.package_id }, { K = 1 } },
  { 'mismatch', t.integer, json.decode('9223372036854775807'), 'out-of-range' },
  { 'one-of', t.union{ t.integer, t.object{ fields = { a = t.string } } }, true },
  { 'mismatch', t.union{ t.integer, t.object{ fields = { a = t.string } } }, { a = 1 } },
  { 'one-of', t.tagged{ tag = 't', variants = { a = t.object{ fields = {} } } }, { t = 'b' } },
  { 'required', t.tagged{ tag = 't', variants = { a = t.object{ fields = { b = t.integer } } } },
    { t = 'a' } },
  { 'required', t.object{ fields = { a = t.integer } }, {} },
  { 'unknown', t.object{ fields = { able = t.flag } }, { abel = true }, 'did-you-mean' },
  { 'unknown', t.object{ fields = { able = t.flag } }, { zzz = true }, 'known' },
  { 'unknown', t.object{ fields = {} }, { x = 1 }, 'no-params' },
  { 'reserved', t.object{ fields = {}, open = true }, { __x = 1 } },
  { 'mismatch', t.null, 5, 'null', 'a-number' },
}

--- Relations are of the parameters themselves.
local RELATIONS = {
  { 'conflicts-with', { a = t.flag{ conflicts_with = 'b' }, b = t.optional(t.string) },
    { a = true, b = 'x' } },
  { 'requires', { a = t.optional(t.string{ requires = 'b' }), b = t.optional(t.string) },
    { a = 'x' } },
  { 'required', { a = t.string }, {} },
  { 'and-more', { a = t.string, b = t.string }, {} },
}

local function each(visit)
  for _, case in ipairs(CASES) do
    visit(case[1], { v = case[2] }, { v = case[3] })
  end
  for _, case in ipairs(RELATIONS) do
    visit(unpack(case))
  end
end

--- `params.maxSize` and `--max-size` are the same place.
local function place(path) return (path:gsub('^params%.', ''):gsub('^%-%-', '')) end

describe('what the check finds', function()
  it('is told alike by the server and the command line, in every language', function()
    each(function(said, params, value)
      local ask, type_in = both(params)
      for _, locale in ipairs(i18n.LOCALES) do
        -- What crosses is JSON: each gets its own.
        local text = assert(json.encode(value))
        local _, told = ask(json.decode(text), locale)
        local status, _, shown = type_in(json.decode(text), locale)
        expect({ said, told and told.code, status }):equals({ said, 'invalid_params', 2 })
        expect({ said, #(shown.details or {}), shown.message })
          :equals({ said, #told.details, shown.message })
        for i, problem in ipairs(told.details) do
          expect({ said, place(shown.details[i].path), shown.details[i].message,
            shown.details[i].hint }):equals({ said, place(problem.path), problem.message,
            problem.hint })
        end
        expect(place(shown.message)):equals(place(told.message))
        expect(told.message:find('%%{')):is_nil()
      end
    end)
  end)

  it('is found by what it was looked for with', function()
    each(function(said, params, value)
      local _, told = both(params)(value)
      local start = i18n.text('error.params.' .. said):match('^(%l[^%%]+)')
      if start then expect(told.message):contains(start) end
    end)
  end)

  it('covers all that can be said', function()
    local covered = {}
    for _, list in ipairs({ CASES, RELATIONS }) do
      for _, case in ipairs(list) do
        covered[case[1]] = true
        for i = 4, #case do
          covered[case[i]] = true
        end
      end
    end
    local missing = {}
    for _, name in ipairs(names.sorted_keys(problem_of.ENGLISH)) do
      if not covered[name] then missing[#missing + 1] = name end
    end
    -- A value that is not there is `required` before anybody describes it.
    expect(missing):equals({ 'nothing' })
  end)

  it('is said in English by the scripts as by the locale file', function()
    for name, text in pairs(problem_of.ENGLISH) do
      expect({ name, i18n.known('error.params.' .. name, 'en_US') }):equals({ name, text })
    end
  end)
end)

describe('defaults', function()
  it('are the same on both sides', function()
    local ask, type_in = both({
      text = t.string{ default = 'x' }, count = t.integer{ default = 3 }, on = t.flag,
      off = t.flag{ default = true }, wait = t.duration{ default = '5s' },
      room = t.size{ default = '1K' }, list = t.array{ of = t.string, default = { 'a' } },
      level = t.enum{ 'low', 'high', default = 'low' }, none = t.optional(t.string),
    })
    local there = ask({})
    local status, here = type_in({})
    expect(status):equals(0)
    expect(here):equals(there)
    expect(there):equals({ text = 'x', count = 3, on = false, off = true, wait = 5, room = 1024,
      list = { 'a' }, level = 'low' })
  end)
end)
