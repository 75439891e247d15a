local rpc = require('lib.rpc')
local server = require('lib.rpc.server')
local t = rpc.types

local HERE = 'lib/rpc/order_spec.lua'

local function noop() end

--- Raises unless `declare` is refused with all of `parts` and this file's name and a line.
local function refused(declare, ...)
  local fine, err = pcall(declare)
  expect(fine):is_false()
  expect(err.code):equals('script')
  expect(err.message):matches('order_spec%.lua:%d+: ')
  expect(err.details.file):contains(HERE)
  expect(err.details.line > 0):is_true()
  for _, part in ipairs({ ... }) do
    expect(err.message):contains(part)
  end
  return err
end

local function load_tree(root, context) return server.load(root, context or 'RpcContext') end

local function leaf()
  return rpc.from_fn(noop):with_about('about.echo'):with_call_remote('CliContext')
end

describe('the chain of a handler', function()
  it('takes every method in its order', function()
    local handler = rpc.from_fn_async(noop)
      :with_params({ id = t.string })
      :with_metadata('deadline', 3)
      :with_result(t.null)
      :with_errors('not_found', 'conflict')
      :with_context('RpcContext')
      :with_inherited(noop)
      :with_display_serializable()
      :with_custom_display_fn(noop)
      :with_about('about.echo')
      :with_call_remote('CliContext')
    expect(handler.kind):equals('async')
    expect(handler.remote):equals('CliContext')
  end)

  -- Each method with arguments that are fine, in the stages of docs/handlers.md.
  local CALLS = {
    with_params = { 1, {} }, with_result = { 1, t.null }, with_errors = { 1, 'conflict' },
    with_context = { 1, 'RpcContext' }, with_metadata = { 1, 'deadline', 3 },
    with_inherited = { 2, noop }, no_cli = { 3 }, no_display = { 3 },
    with_display_serializable = { 3 }, with_custom_display_fn = { 3, noop }, no_ts = { 3 },
    unknown_ts = { 3 }, custom_ts = { 3, 'string', 'string' }, with_about = { 4, 'about.echo' },
    with_examples = { 4, 'echo hi' }, with_call_remote = { 5, 'CliContext' },
  }

  local function apply(to, method)
    return to[method](to, unpack(CALLS[method], 2))
  end

  it('refuses each method after each of a later stage', function()
    local pairs_tried = 0
    for later, call in pairs(CALLS) do
      for earlier, other in pairs(CALLS) do
        if other[1] < call[1] then
          local begun = apply(rpc.from_fn(noop), later)
          refused(function() apply(begun, earlier) end, earlier .. ' after ' .. later)
          pairs_tried = pairs_tried + 1
        end
      end
    end
    expect(pairs_tried > 80):is_true()
    for method in pairs(require('lib.rpc.handler').Handler) do
      local known = CALLS[method] ~= nil or method:find('^__') ~= nil
      expect({ method, known }):equals({ method, true })
    end
  end)

  it('refuses metadata after a CLI modifier and names the line of the mistake', function()
    local err = refused(function()
      rpc.from_fn(noop)
        :no_display()
        :with_metadata('sync_db', true)
    end, 'with_metadata after no_display', 'the order is')
    expect(err.message):contains('order_spec.lua:' .. err.details.line)
  end)

  it('refuses a display modifier after with_about', function()
    refused(function() rpc.from_fn(noop):with_about('about.echo'):no_display() end,
      'no_display after with_about')
  end)

  it('refuses with_inherited after a display modifier', function()
    refused(function() rpc.from_fn(noop):no_display():with_inherited(noop) end,
      'with_inherited after')
  end)

  it('refuses anything after with_call_remote', function()
    for _, method in ipairs({ 'no_cli', 'no_display', 'with_display_serializable' }) do
      refused(function()
        local handler = leaf()
        handler[method](handler)
      end, method .. ' after with_call_remote')
    end
    refused(function() leaf():with_about('about.echo') end, 'with_about after with_call_remote')
    refused(function() leaf():with_params({}) end, 'with_params after with_call_remote')
  end)

  it('refuses the same method twice', function()
    refused(function() rpc.from_fn(noop):with_params({}):with_params({}) end,
      'with_params is given twice')
    refused(function()
      rpc.from_fn(noop):with_metadata('a', 1):with_metadata('a', 2)
    end, "metadata 'a' is given twice")
  end)

  it('refuses contradictions', function()
    refused(function() rpc.from_fn(noop):no_display():with_display_serializable() end,
      'no_display together with another display')
    refused(function() rpc.from_fn(noop):no_cli():with_call_remote('CliContext') end,
      'with_call_remote after no_cli')
  end)

  it('knows its words, and that they are said with a colon', function()
    refused(function() rpc.from_fn(noop):with_param({}) end, "a handler has no 'with_param'",
      'did you mean :with_params(…)?')
    refused(function() rpc.from_fn(noop):publish() end, "a handler has no 'publish'",
      'it has custom_ts, no_cli')
    refused(function() rpc.from_fn(noop).with_params({}) end, 'with_params is called with a dot',
      'with a colon: :with_params(…)')
    refused(function() rpc.from_fn(noop).no_cli() end, 'no_cli is called with a dot')
    refused(function() rpc.from_fn(noop).with_custom_display_fn(noop) end, 'called with a dot')
    refused(function() rpc.parent():with_result(t.null) end, "a group has no 'with_result'")
    refused(function() rpc.parent():subcomand('a', leaf()) end, 'did you mean :subcommand(…)?')
    refused(function() rpc.parent().subcommand('a', leaf()) end, 'subcommand is called with a dot')
    refused(function() rpc.parent().with_about('about.echo') end, 'with_about is called with a dot')
    refused(function() return { id = t.strng } end, 'there is no type t.strng',
      'did you mean t.string?')
  end)

  it('refuses wrong arguments', function()
    refused(function() rpc.from_fn('echo') end, 'a handler must be a function, got string')
    refused(function() rpc.from_fn(noop):with_params({ id = 'string' }) end, "parameter 'id'")
    refused(function() rpc.from_fn(noop):with_params({ package_id = t.string }) end, 'camelCase')
    refused(function() rpc.from_fn(noop):with_about('Starts a package') end, 'locale key')
    refused(function() rpc.from_fn(noop):with_errors('not-there') end, 'no kind of error')
    refused(function() rpc.from_fn(noop):with_errors('not-found') end, 'no kind of error')
    refused(function() rpc.from_fn(noop):custom_ts('string') end, 'two types')
    refused(function() rpc.from_fn(noop):with_call_remote('RpcContext') end, 'only the CLI')
    refused(function() rpc.from_fn(noop):with_context('rpc') end, "'rpc' is no name of a context")
    refused(function() rpc.from_fn(noop):with_custom_display_fn('table') end, 'expects a function')
  end)
end)

describe('a tree', function()
  it('refuses the same name twice in one context', function()
    refused(function()
      load_tree(rpc.parent():subcommand('a', leaf()):subcommand('a', leaf()))
    end, "'a' is there twice in RpcContext", 'first at')
  end)

  it('takes one name once per context', function()
    local root = rpc.parent()
      :subcommand('a', rpc.from_fn(noop):no_cli())
      :subcommand('a', rpc.from_fn(noop):with_context('CliContext'):with_about('about.echo'))
    expect(load_tree(root).methods):has_length(1)
  end)

  it('refuses a name in the CLI twice: called remotely and local', function()
    refused(function()
      load_tree(rpc.parent():subcommand('a', leaf())
        :subcommand('a', rpc.from_fn(noop):with_context('CliContext'):with_about('about.echo')))
    end, "'a' is there twice in CliContext")
  end)

  it('refuses a context that the groups above do not list', function()
    refused(function()
      load_tree(rpc.parent():subcommand('a', rpc.from_fn(noop):with_context('EffectContext')))
    end, 'EffectContext is not among the contexts above (RpcContext, CliContext)')
    refused(function()
      load_tree(rpc.parent():subcommand('a', rpc.from_fn(noop):with_context('RcpContext')))
    end, 'RcpContext is not among the contexts above', 'did you mean RpcContext?')
  end)

  it('refuses to be called from a context that it does not have', function()
    refused(function()
      load_tree(rpc.parent():with_context('RpcContext'):subcommand('a', leaf()))
    end, "with_call_remote('CliContext') in a tree without that context")
  end)

  it('gives handlers the first context of their group', function()
    local root = rpc.parent():with_context('EffectContext'):subcommand('a', rpc.from_fn(noop))
    expect(load_tree(root, 'EffectContext').methods[1].context):equals('EffectContext')
    refused(function() load_tree(root, 'RpcContext') end, 'the tree has no RpcContext')
  end)

  it('refuses a key that is declared twice along a path', function()
    refused(function()
      load_tree(rpc.parent():subcommand('g', rpc.parent():with_params({ id = t.string })
        :with_about('about.echo')
        :subcommand('a', rpc.from_fn(noop):with_params({ id = t.string }):no_cli())))
    end, "parameter 'id' is declared above already", 'one flat object')
  end)

  it('refuses parameters that speak of ones that are not there', function()
    refused(function()
      load_tree(rpc.parent():subcommand('a', rpc.from_fn(noop)
        :with_params({ a = t.flag{ conflicts_with = 'b' } }):no_cli()))
    end, "conflicts_with of 'a' names 'b'", 'of the path')
  end)

  local function tagged(key, value)
    return rpc.parent():subcommand('a', rpc.from_fn(noop):with_metadata(key, value):no_cli())
  end

  it('refuses what a group is told twice, and a group inside of itself', function()
    for method, given in pairs({ with_params = {}, with_context = 'RpcContext',
      with_inherited = noop, with_about = 'about.echo', root_handler = rpc.from_fn(noop) }) do
      refused(function()
        local group = rpc.parent()
        group[method](group, given)
        group[method](group, given)
      end, method .. ' is given twice')
    end
    refused(function()
      local group = rpc.parent()
      group:subcommand('b', rpc.parent():subcommand('c', group))
    end, "the group 'b' would be inside of itself")
  end)

  local function reader(keys) return { name = 'reader', keys = keys, request = noop } end

  it('refuses middleware that would never run', function()
    refused(function()
      load_tree(rpc.parent():subcommand('g', rpc.parent():with_about('about.echo')
        :with_middleware('RpcContext', { reader() }):subcommand('a', leaf())))
    end, "the group 'g' has middleware", 'move with_middleware to the root')
    refused(function()
      load_tree(rpc.parent():with_middleware('InitContext', { reader() }):subcommand('a', leaf()))
    end, 'there is middleware for InitContext')
    local function chain(...)
      local list = { ... }
      return function() rpc.parent():with_middleware('RpcContext', list) end
    end
    refused(chain('auth'), 'a string is no middleware')
    refused(chain({ keys = {} }), 'a table is no middleware', 'with name')
    refused(chain({ name = 'x', reqest = noop }), "'x' has neither request nor response")
    refused(chain({ name = 'x', request = 'f' }), "request of middleware 'x' is a string")
    refused(chain({ name = 'x', request = noop, concerns = true }), "concerns of middleware 'x'")
    refused(chain({ name = 'x', request = noop, keys = 'admin' }), "keys of middleware 'x'")
    refused(chain({ name = 'x', request = noop, keys = { 'admin' } }), "keys of middleware 'x'")
    refused(chain({ name = 'x', request = noop, keys = { a = { type = 'number' }, [2] = {} } }),
      "keys of middleware 'x'")
    refused(chain({ name = 'x', request = noop, contexts = 'RpcContext' }), 'is no list')
    refused(chain({ name = 'x', request = noop, contexts = { 'rpc' } }), 'no name of a context')
    refused(chain({ name = 'x', request = noop, keys = { a = { type = 'table' } } }),
      "the type of metadata 'a' is 'table'")
    refused(chain({ name = 'x', request = noop, keys = { a = { type = 'number', default = '' } } }),
      "the default of metadata 'a' is no number")
    refused(function() rpc.parent():with_middleware('RpcContext', reader()) end, 'expects a list')
    refused(function()
      rpc.parent():with_middleware('RpcContext', {}):with_middleware('RpcContext', {})
    end, 'given twice for RpcContext')
  end)

  it('refuses a key with two readers', function()
    local keys = { level = { type = 'string' } }
    refused(function()
      load_tree(rpc.parent():with_middleware('RpcContext', { reader(keys),
        { name = 'other', keys = keys, request = noop } }):subcommand('a', leaf()))
    end, "metadata key 'level' has two readers, reader and other")
    refused(function()
      load_tree(rpc.parent():with_middleware('RpcContext',
        { reader({ deadline = { type = 'number' } }) }):subcommand('a', leaf()))
    end, "'deadline' has two readers, the engine and reader")
  end)

  -- A flag that one server keeps and another passes over is no flag.
  it('refuses metadata that one of the servers of a method does not read', function()
    local both = { 'RpcContext', 'InitContext' }
    local function tree_of(group, contexts, key)
      local handler = rpc.from_fn(noop):with_context(unpack(contexts))
      if key then handler:with_metadata(key, true) end
      return rpc.parent():with_context(unpack(both))
        :with_middleware('RpcContext', { reader({ admin = { type = 'boolean' } }) })
        :subcommand('g', group:subcommand('a', handler))
    end
    refused(function() load_tree(tree_of(rpc.parent(), both, 'admin')) end,
      "no middleware of InitContext reads metadata 'admin'")
    refused(function()
      load_tree(tree_of(rpc.parent():with_metadata('admin', true), both))
    end, "no middleware of InitContext reads metadata 'admin', which 'a' inherits")
    load_tree(tree_of(rpc.parent(), { 'RpcContext' }, 'admin'))
    load_tree(tree_of(rpc.parent():with_metadata('admin', true), { 'RpcContext' }))
    refused(function() load_tree(tree_of(rpc.parent(), { 'InitContext' }, 'admin')) end,
      "no middleware of InitContext reads metadata 'admin'")
    refused(function()
      load_tree(tree_of(rpc.parent():with_metadata('amdin', true), { 'RpcContext' }))
    end, "reads metadata 'amdin'", "did you mean 'admin'?")
    refused(function() load_tree(tree_of(rpc.parent(), { 'RpcContext' }, 'local')) end,
      "reads metadata 'local'")
  end)

  it('refuses a login that asks for rights', function()
    local keys = { login = { type = 'boolean' }, admin = { type = 'boolean' } }
    local tree = rpc.parent():with_context('RpcContext')
      :with_middleware('RpcContext', { { name = 'auth', keys = keys, request = noop } })
      :subcommand('enter', rpc.from_fn(noop):with_metadata('login', true)
        :with_metadata('admin', true):no_cli())
    refused(function() server.load(tree, 'RpcContext') end,
      "'enter' is a login that asks for rights")
  end)

  it('refuses metadata that nobody reads', function()
    refused(function() load_tree(tagged('synk_db', true)) end,
      "no middleware of RpcContext reads metadata 'synk_db'", 'known keys: deadline')
  end)

  it('refuses metadata of another type', function()
    refused(function() load_tree(tagged('deadline', 'x')) end,
      "metadata 'deadline' must be a number", "with_metadata('deadline', 3)")
    for _, wrong in ipairs({ 0, -1, 1 / 0, 0 / 0 }) do
      refused(function() load_tree(tagged('deadline', wrong)) end, 'more than 0')
    end
    refused(function() load_tree(tagged('version', 1.5)) end, 'must be 1, 2, 3')
    for _, wrong in ipairs({ 0, -1, 1.5, 1 / 0, 0 / 0 }) do
      refused(function() load_tree(tagged('max_params', wrong)) end, 'a number of bytes')
    end
  end)

  it('refuses a leaf that the CLI cannot reach', function()
    refused(function()
      load_tree(rpc.parent():subcommand('a', rpc.from_fn(noop):with_about('about.echo')))
    end, "'a' cannot be reached from the CLI", 'with_call_remote')
  end)

  it('asks nothing about the CLI where there is none', function()
    local root = rpc.parent():with_context('EffectContext'):subcommand('a', rpc.from_fn(noop))
    expect(load_tree(root, 'EffectContext').methods):has_length(1)
  end)

  it('refuses a CLI command without help, and help that no locale has', function()
    refused(function()
      load_tree(rpc.parent():subcommand('a', rpc.from_fn(noop):with_call_remote('CliContext')))
    end, "'a' has no help")
    refused(function()
      load_tree(rpc.parent():subcommand('a', rpc.from_fn(noop):with_about('about.nothing-like-it')
        :with_call_remote('CliContext')))
    end, "locale key 'about.nothing-like-it' is missing")
    refused(function()
      load_tree(rpc.parent():subcommand('g', rpc.parent():root_handler(leaf())))
    end, "'g' has no help", 'move with_about to the group')
    refused(function()
      load_tree(rpc.parent():subcommand('a', rpc.from_fn(noop)
        :with_params({ id = t.string{ help = 'help.arg.nothing-like-it' } })
        :with_about('about.echo'):with_call_remote('CliContext')))
    end, "locale key 'help.arg.nothing-like-it' is missing")
  end)

  it('refuses a subcommand that is nothing', function()
    refused(function() rpc.parent():subcommand('a', nil) end, "subcommand 'a' is no handler")
    refused(function() rpc.parent():subcommand('a', true) end, 'does its file end with `return`')
    refused(function() rpc.parent():subcommand('A b', leaf()) end, 'no name for a subcommand')
    refused(function() rpc.parent():subcommand(leaf(), 'a') end, 'a table is no name')
    refused(function() rpc.parent():root_handler(noop) end, 'root_handler expects a handler')
  end)

  it('lets a group that is a command keep its own options', function()
    local function both(group_params, own)
      return function()
        return load_tree(rpc.parent():subcommand('g', rpc.parent():with_about('about.echo')
          :with_params(group_params)
          :root_handler(rpc.from_fn(noop):with_params(own):with_call_remote('CliContext'))
          :subcommand('a', rpc.from_fn(noop):with_params({ limit = t.integer{ short = 'n' } })
            :with_about('about.echo'):with_call_remote('CliContext'))))
      end
    end
    expect(both({}, { limit = t.integer{ short = 'n' } })().methods):has_length(2)
    refused(both({ number = t.integer{ short = 'n' } }, {}), "option -n of 'limit' is taken",
      "by 'number'")
  end)

  it('refuses what is misspelt around a declaration, with the word that was meant', function()
    refused(function() return rpc.from_func(noop) end, 'there is no rpc.from_func',
      "did you mean 'from_fn'?")
    refused(function() return t.string{ hepl = 'x' } end, "did you mean 'help'?")
    refused(function()
      load_tree(rpc.parent():subcommand('a', rpc.from_fn(noop):with_about('about.ecko')
        :with_call_remote('CliContext')))
    end, "did you mean 'about.echo'?", 'extensions/locales')
  end)

  it('refuses arguments the command line cannot tell apart', function()
    local function tree_of(params)
      return function()
        load_tree(rpc.parent():subcommand('a', rpc.from_fn(noop):with_params(params)
          :with_about('about.echo'):with_call_remote('CliContext')))
      end
    end
    refused(tree_of({ a = t.string{ positional = true }, b = t.string{ positional = true } }),
      'have the same position', 'positional = 2')
    local second = t.string{ positional = 2 }
    refused(tree_of({ a = t.string{ positional = 1, optional = true }, b = second }),
      "required positional 'b' follows the optional 'a'")
    refused(tree_of({ a = t.array{ of = t.string, positional = 1 }, b = second }),
      "positional 'b' follows the repeated 'a'")
    refused(tree_of({ format = t.string }), '--format', 'taken by every command')
    refused(tree_of({ aB = t.string, ['aB2'] = t.string{ long = 'a-b' } }), 'is taken by')
    refused(tree_of({ key = t.string{ secret = true, positional = true } }), 'secret')
    refused(tree_of({ a = t.flag{ positional = true } }), 'flag')
  end)

  it('refuses with_call_remote below a group that is not in the CLI', function()
    refused(function()
      load_tree(rpc.parent():subcommand('g', rpc.parent():no_cli():subcommand('a', leaf())))
    end, 'below a group with no_cli')
  end)
end)

describe('schemas', function()
  it('refuse options they do not know, with the place', function()
    refused(function() return t.string{ maxlen = 3 } end,
      "t.string has no option 'maxlen'", 'max_length')
    refused(function() return t.integer{ min = '1' } end, "option 'min' must be a number")
    refused(function() return t.integer{ default = 'x' } end,
      'the default of t.integer does not fit')
    refused(function() return t.enum{} end, 't.enum without values')
    refused(function() return t.object{} end, 't.object without fields')
    refused(function() return t.object{ fields = { a = 1 } } end, "field 'a'")
    refused(function() return t.union{ t.string } end, 'less than two')
    refused(function() return t.tagged{ tag = 'a' } end, 'without tag or variants')
    refused(function()
      return t.tagged{ tag = 'a', variants = { x = t.object{ fields = { a = t.string } } } }
    end, "variant 'x'")
    refused(function() return t.object{ fields = { a = t.flag{ requires = 'b' } } } end,
      "requires of 'a' names 'b'")
    refused(function() return t.string{ optional = true }{ default = 'x' } end, 'called again')
  end)
end)
