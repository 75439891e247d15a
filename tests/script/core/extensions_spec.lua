local extensions = require('core.extensions')
local i18n = require('lib.i18n')
local rpc = require('lib.rpc')
local server = require('lib.rpc.server')
local templates = require('core.script.templates')

local function root()
  return rpc.parent():with_context('RpcContext', 'CliContext')
    :with_middleware('RpcContext', { { name = 'auth', keys = {}, request = function() end } })
    :subcommand('server', rpc.parent():with_about('about.server'))
    :subcommand('echo', rpc.from_fn(function() return 'theirs' end)
      :with_about('about.echo')
      :with_call_remote('CliContext'))
end

describe('extensions', function()
  local tree = extensions.apply(root(), 'support.extended.')
  local loaded = server.load(tree, 'RpcContext')

  it('add methods by the path of their files', function()
    local found = {}
    for _, method in ipairs(loaded.methods) do
      found[#found + 1] = method.method
    end
    expect(found):equals({ 'echo', 'garden.water', 'server.up-time' })
    expect(loaded.runners['garden.water']({}, {})):equals('wet')
  end)

  it('bring their texts, and en_US stands in for the rest', function()
    expect(i18n.text('about.garden')):equals('The garden')
    expect(i18n.text('about.garden', nil, 'de_DE')):equals('Der Garten')
    expect(i18n.text('about.garden.water', nil, 'de_DE')):equals('Water it')
    expect(i18n.text('about.echo', nil, 'de_DE')):never():equals('about.echo')
  end)

  it('bring middleware that runs after the shipped one', function()
    expect(tree.middleware.RpcContext[1].name):equals('quota')
    local call = {}
    loaded.runners['garden.water'](call, {})
    expect(call.quota):equals(3)
  end)

  it('declare metadata of a kind there is', function()
    expect(function() extensions.apply(root(), 'support.mistyped.') end)
      :raises("support/mistyped/middleware/quota.lua:1: the type of metadata 'quota' is 'integer'")
  end)

  it('are blamed for middleware that cannot be', function()
    expect(function() extensions.apply(root(), 'support.taken.') end)
      :raises("support/taken/middleware/hurry.lua:1: metadata 'deadline' is read by the engine")
    expect(function() extensions.apply(root(), 'support.astray.') end)
      :raises('support/astray/middleware/lost.lua:1: the tree has no EffectContext')
  end)

  it('are blamed for messages that are no text', function()
    expect(function() extensions.apply(root(), 'support.mute.') end):raises(
      "support/mute/locales/wind.lua:1: the message of 'about.wind' in en_US is a number")
  end)

  it('replace nothing', function()
    expect(function() extensions.apply(root(), 'support.clashing.') end)
      :raises("support/clashing/locales/echo.lua:1: locale key 'about.echo' is there already")
  end)

  it('clash with a method of the same name', function()
    local clashing = root()
    clashing:subcommand('echo', require('support.clashing.handlers.echo'))
    expect(function() server.load(clashing, 'RpcContext') end):raises("'echo' is there twice")
  end)
end)

describe('templates', function()
  local function compiles(list)
    for _, each in ipairs(list) do
      expect(load(each.text, each.name)):is_truthy()
      expect(each.text:find('${', 1, true)):is_nil()
    end
    return list
  end

  it('are Lua for every kind and name', function()
    for _, kind in ipairs({ 'fn', 'async', 'async_local', 'blocking' }) do
      compiles(templates.handler('garden.water', kind))
    end
    compiles(templates.handler('end', 'fn'))
    compiles(templates.group('garden.front-yard'))
    compiles(templates.middleware('my-quota'))
  end)

  it('lie where the loader looks', function()
    local list = compiles(templates.handler('garden.front-yard.water', 'fn'))
    expect(list[2].name):equals('extensions/handlers/garden/front_yard/water.lua')
    expect(list[3].name):equals('extensions/handlers/garden/front_yard/water_spec.lua')
  end)
end)
