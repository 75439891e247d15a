local json = require('engine.json')
local rpc = require('lib.rpc')
local server = require('lib.rpc.server')
local t = rpc.types

local function remote(handler)
  return handler:with_about('about.echo'):with_call_remote('CliContext')
end

local function load_tree(root, options) return server.load(root, 'RpcContext', options) end

describe('server.load', function()
  it('describes each method', function()
    local loaded = load_tree(rpc.parent()
      :with_metadata('deadline', 5)
      :subcommand('g', rpc.parent():with_about('about.server')
        :subcommand('put', remote(rpc.from_fn_blocking(function() end)
          :with_params({ value = t.json{ raw = true }, pointer = t.string })
          :with_result(t.json{ raw = true })
          :with_metadata('deadline', 1.5)
          :with_metadata('read_only', true)))))
    local method = loaded.methods[1]
    expect(method.method):equals('g.put')
    expect(method.context):equals('RpcContext')
    expect(method.kind):equals('blocking')
    expect(method.raw_params):equals({ 'value' })
    expect(method.raw_result):is_true()
    expect(method.deadline_ms):equals(1500)
    expect(method.read_only):is_true()
    expect(method.about):equals('about.echo')
    expect(method.metadata):equals({ deadline = 1.5, read_only = true })
    expect(method.version):equals(1)
    expect(method.wire):equals('query:g.put.v1')
    expect(method.deprecated):is_false()
    expect(method.params.required):equals({ 'pointer', 'value' })
    expect(method.file):contains('server_spec.lua')
    expect(method.line > 0):is_true()
  end)

  it('sorts the methods and makes a runner for each', function()
    local loaded = load_tree(rpc.parent()
      :subcommand('b', remote(rpc.from_fn(function() return 'b' end)))
      :subcommand('a', remote(rpc.from_fn(function() return 'a' end))))
    expect(loaded.methods[1].method):equals('a')
    expect(loaded.runners.b({}, {})):equals('b')
  end)

  it('makes only the runners of a tree that was described elsewhere', function()
    local root = rpc.parent():subcommand('m', remote(rpc.from_fn(function() return 'ok' end)
      :with_metadata('nobody', 'reads it')))
    local loaded = load_tree(root, { described = true })
    expect(loaded.runners.m({}, {})):equals('ok')
    expect(loaded.methods[1].params):is_nil()
    expect(loaded.methods[1].wire):equals('action:m.input.v1')
  end)

  it('counts versions into the wire name', function()
    local loaded = load_tree(rpc.parent():subcommand('set', remote(rpc.from_fn(function() end)
      :with_metadata('version', 3))))
    expect(loaded.methods[1].wire):equals('action:set.input.v3')
  end)

  it('builds one text of tree for each of its contexts', function()
    local root = rpc.parent():with_context('RpcContext', 'InitContext', 'DiagnosticContext')
      :subcommand('state', rpc.from_fn(function(call) return call.ctx.name end)
        :with_context('RpcContext', 'InitContext', 'DiagnosticContext'))
      :subcommand('fix', rpc.from_fn(function() return 'fixed' end)
        :with_context('DiagnosticContext'))
      :subcommand('work', rpc.from_fn(function() return 'done' end))
    local function methods(context)
      local list = {}
      for i, method in ipairs(server.load(root, context).methods) do
        list[i] = method.method
      end
      return list
    end
    expect(methods('RpcContext')):equals({ 'state', 'work' })
    expect(methods('InitContext')):equals({ 'state' })
    expect(methods('DiagnosticContext')):equals({ 'fix', 'state' })
  end)

  it('makes groups with a root handler callable', function()
    local loaded = load_tree(rpc.parent():subcommand('info', rpc.parent():with_about('about.echo')
      :root_handler(remote(rpc.from_fn(function() return 'root' end)))
      :subcommand('more', remote(rpc.from_fn(function() return 'more' end)))))
    expect(loaded.runners.info({}, {})):equals('root')
    expect(loaded.runners['info.more']({}, {})):equals('more')
  end)
end)

describe('a runner', function()
  local function runner_of(handler, options)
    return load_tree(rpc.parent():subcommand('m', remote(handler)), options).runners.m
  end

  it('checks the parameters before the handler runs', function()
    local ran = false
    local run = runner_of(rpc.from_fn(function() ran = true end):with_params({ id = t.string }))
    local result, err = run({}, { id = 3 })
    expect(result):is_nil()
    expect(err.code):equals('invalid_params')
    expect(err.message):equals('params.id: expected a string, got a number')
    expect(ran):is_false()
  end)

  it('takes absent params as {} and refuses arrays', function()
    local run = runner_of(rpc.from_fn(function() return 'ok' end))
    expect(run({}, nil)):equals('ok')
    local _, err = run({}, { 1, 2 })
    expect(err.message):equals('params: expected an object, got an array')
    _, err = run({}, json.array())
    expect(err.code):equals('invalid_params')
  end)

  it('hands through value and error', function()
    local run = runner_of(rpc.from_fn(function(_call, params)
      if params.fail then return nil, { code = 'not_found', message = 'gone' } end
      return params
    end):with_params({ fail = t.flag }))
    expect(run({}, {})):equals({ fail = false })
    local result, err = run({}, { fail = true })
    expect(result):is_nil()
    expect(err.code):equals('not_found')
  end)

  it('gives the flat object, the parents params and what with_inherited makes of them', function()
    local seen
    local loaded = load_tree(rpc.parent():subcommand('g', rpc.parent()
      :with_about('about.server'):with_params({ package = t.string })
      :subcommand('m', remote(rpc.from_fn(function(call, params, inherited)
        seen = { call.parent_params, params, inherited }
      end):with_params({ host = t.string })
        :with_inherited(function(parents) return parents.package .. '!' end)))))
    loaded.runners['g.m']({}, { package = 'p', host = 'h' })
    expect(seen[1]):equals({ package = 'p' })
    expect(seen[2]):equals({ package = 'p', host = 'h' })
    expect(seen[3]):equals('p!')
  end)

  it('hands pairs down several levels, which groups may change', function()
    local seen = {}
    local function leaf(name)
      return remote(rpc.from_fn(function(_call, params, inherited)
        seen[name] = { params, inherited }
      end):with_inherited(function(params, inherited) return { params, inherited } end))
    end
    local function group(key)
      return rpc.parent():with_about('about.server'):with_params({ [key] = t.string })
    end
    local root = rpc.parent()
      :subcommand('a', group('a')
        :subcommand('b', group('b')
          :root_handler(leaf('root'))
          :subcommand('leaf', leaf('leaf')))
        :subcommand('c', group('c')
          :with_inherited(function(params) return 'just ' .. params.a end)
          :subcommand('leaf', leaf('changed'))))
    local runners = load_tree(root).runners
    runners['a.b.leaf']({}, { a = '1', b = '2' })
    expect(seen.leaf[2]):equals({ { b = '2' }, { { a = '1' }, { {} } } })
    local call = {}
    runners['a.b'](call, { a = '1', b = '2' })
    expect(seen.root[2]):equals({ { a = '1' }, { {} } })
    expect(call.parent_params):equals({ a = '1' })
    runners['a.c.leaf']({}, { a = '1', c = '3' })
    expect(seen.changed[2]):equals({ { c = '3' }, 'just 1' })
  end)

  it('refuses unknown parameters, unless the handler takes any', function()
    local run = runner_of(rpc.from_fn(function(_call, params) return params end)
      :with_params({ id = t.optional(t.string) }))
    local _, err = run({}, { idd = 'x' })
    expect(err.message):equals('params.idd: is unknown')
    expect(err.hint):equals("did you mean 'id'?")
    local open = runner_of(rpc.from_fn(function(_call, params) return params end)
      :with_params({ id = t.optional(t.string) }, { open = true }))
    expect(open({}, { more = 1 })):equals({ more = 1 })
    _, err = open({}, { __Auth_session = 1 })
    expect(err.message):equals('params.__Auth_session: is a reserved name')
    _, err = runner_of(rpc.from_fn(function() end))({}, { x = 1 })
    expect(err.hint):equals('it takes no parameters')
  end)

  it('takes format of a method that is displayed in formats, and does not pass it on', function()
    local run = runner_of(rpc.from_fn(function(_call, params) return params end)
      :with_display_serializable())
    expect(run({}, { format = 'json' })):equals({})
  end)

  it('checks the result in development only', function()
    local function build() return rpc.from_fn(function() return 3 end):with_result(t.string) end
    expect(runner_of(build())({}, {})):equals(3)
    local _, err = runner_of(build(), { development = true })({}, {})
    expect(err.code):equals('internal')
    expect(err.message):equals('m: result: expected a string, got a number')
  end)

  it('leaves a result as it is while checking it', function()
    local run = runner_of(rpc.from_fn(function() return { a = 'x', extra = 1 } end)
      :with_result(t.object{ fields = { a = t.string, b = t.string{ default = 'b' } } }),
      { development = true })
    expect(run({}, {})):equals({ a = 'x', extra = 1 })
  end)

  -- Also behind middleware and the check of results: a method that gets some means the same.
  it('takes the error of a handler that gives no result, and nothing beside a result', function()
    local hook = { name = 'hook', keys = {}, response = function() end }
    for _, chain in ipairs({ {}, { hook } }) do
      for _, development in ipairs({ false, true }) do
        local function run(fn)
          local root = rpc.parent():with_middleware('RpcContext', chain)
            :subcommand('m', remote(rpc.from_fn(fn):with_result(t.optional(t.string))))
          return load_tree(root, { development = development }).runners.m({}, {})
        end
        expect((run(function() return ('a-b'):gsub('-', '+') end))):equals('a+b')
        local result, err = run(function() return nil, { code = 'conflict' } end)
        expect({ result == nil, err.code }):equals({ true, 'conflict' })
        expect((run(function() end))):is_nil()
      end
    end
  end)

  it('raises what the handler raises', function()
    local run = runner_of(rpc.from_fn(function() error('broken', 0) end))
    expect(function() run({}, {}) end):raises('broken')
  end)
end)

describe('middleware', function()
  local seen

  before_each(function() seen = {} end)

  local function recorder(name, more)
    local one = {
      name = name, keys = {},
      request = function() seen[#seen + 1] = 'request ' .. name end,
      response = function() seen[#seen + 1] = 'response ' .. name end,
    }
    for key, value in pairs(more or {}) do
      one[key] = value
    end
    return one
  end

  local function runner_with(list, handler)
    local body = handler or rpc.from_fn(function()
      seen[#seen + 1] = 'handler'
      return 'done'
    end)
    local root = rpc.parent():with_middleware('RpcContext', list):subcommand('m', remote(body))
    return load_tree(root).runners.m
  end

  it('runs request hooks from the last to the first, response hooks from the first to the last',
    function()
      local run = runner_with({ recorder('a'), recorder('b'), recorder('c') })
      expect(run({}, {})):equals('done')
      expect(seen):equals({ 'request c', 'request b', 'request a', 'handler', 'response a',
        'response b', 'response c' })
    end)

  it('raises what a request hook raises, and what answers with no response', function()
    for _, given in ipairs({ 5, 'words', true }) do
      local run = runner_with({ recorder('a', { request = function() return given end }) })
      local fine, why = pcall(run, {}, {})
      expect(fine):equals(false)
      expect(why):equals(('a middleware of m answered with a %s, not with a response')
        :format(type(given)))
    end
    local run = runner_with({ recorder('a', { request = function() error('mine', 0) end }) })
    local fine, why = pcall(run, {}, {})
    expect({ fine, why }):equals({ false, 'mine' })
    expect(seen):equals({})
  end)

  it('stops at an answer of a request hook, and still runs every response hook', function()
    local stop = recorder('b', { request = function()
      return { error = { code = 'authorization', message = 'no' } }
    end })
    local run = runner_with({ recorder('a'), stop, recorder('c') })
    local result, err = run({}, {})
    expect(result):is_nil()
    expect(err.code):equals('authorization')
    expect(seen):equals({ 'request c', 'response a', 'response b', 'response c' })
  end)

  it('lets a response hook replace the result', function()
    local run = runner_with({ recorder('a', { response = function(_call, response)
      response.result = response.result .. '!'
    end }) })
    expect(run({}, {})):equals('done!')
  end)

  it('costs nothing where the metadata asks for none', function()
    local one = recorder('a', { keys = { audit = { type = 'boolean', default = false } },
      applies = function(metadata) return metadata.audit end })
    local run = runner_with({ one })
    run({}, {})
    expect(seen):equals({ 'handler' })
    run = runner_with({ one }, rpc.from_fn(function() end):with_metadata('audit', true))
    run({}, {})
    expect(seen):equals({ 'handler', 'request a', 'response a' })
  end)

  it('shows raised errors to hooks that want them, and raises them again', function()
    local got
    local run = runner_with({ recorder('a', { after_raise = true,
      response = function(_call, response) got = response end }) },
      rpc.from_fn(function() error({ code = 'conflict', message = 'x' }) end))
    expect(function() run({}, {}) end):raises({ code = 'conflict' })
    expect(got.raised):is_true()
    expect(got.error.code):equals('conflict')
  end)

  it('merges metadata, nearest the leaf wins', function()
    local got
    local one = recorder('a', { keys = { level = { type = 'string', default = 'none' } },
      request = function(_call, _params, metadata) got = metadata.level end })
    local function run(group_level, leaf_level)
      local leaf = rpc.from_fn(function() end)
      if leaf_level then leaf:with_metadata('level', leaf_level) end
      local group = rpc.parent():with_about('about.server'):subcommand('m', remote(leaf))
      if group_level then group:with_metadata('level', group_level) end
      local root = rpc.parent():with_middleware('RpcContext', { one }):subcommand('g', group)
      load_tree(root).runners['g.m']({}, {})
      return got
    end
    expect(run(nil, nil)):equals('none')
    expect(run('group', nil)):equals('group')
    expect(run('group', 'leaf')):equals('leaf')
  end)
end)
