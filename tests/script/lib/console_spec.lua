local console = require('lib.console')
local json = require('engine.json')
local loop = require('engine.loop')
local module = require('engine.module')

local function make(globals)
  return console.new({ eval = module.eval, members = module.members, array = json.array,
    index = function(name) return globals[name] end,
    names = function() return module.members(globals) end, chunk = 'here' })
end

describe('lib.console', function()
  it('keeps variables for a session, and for no other', function()
    local c = make({})
    c:eval({ code = 'x = 5', session = 'a' })
    expect(c:eval({ code = 'x + 1', session = 'a' }).values):equals({ '6' })
    expect(c:eval({ code = '_', session = 'a' }).values):equals({ '6' })
    expect(c:eval({ code = 'x', session = 'b' }).values):equals({ 'nil' })
  end)

  it('keeps nothing of what runs once', function()
    local c = make({})
    c:eval({ code = 'x = 5', session = 'a', once = true })
    expect(c:eval({ code = 'x', session = 'a' }).values):equals({ 'nil' })
  end)

  it('finds names of the run before those of its host', function()
    local c = make({ who = 'host', what = 'thing' })
    local answer = c:eval({ code = 'who, what', session = 'a', see = { who = 'run' } })
    expect(answer.values):equals({ "'run'", "'thing'" })
    expect(c:eval({ code = 'who', session = 'a' }).values):equals({ "'host'" })
  end)

  it('shows what is no text byte by byte', function()
    local c = make({ print = print, error = error })
    local answer = c:eval({ code = [[print('a\255') return '\195\164\n\195', { '\237\160\128' }]],
      session = 'a' })
    expect(answer.output):equals({ 'a\\255' })
    expect(answer.values):equals({ "'ä\\n\\195'", "{ '\\237\\160\\128' }" })
    expect(console.own_words('\240\159\152\128 \244\144\128\128')):equals('😀 \\244\\144\\128\\128')
  end)

  it('gives the values themselves, too', function()
    local _, first, second = make({}):eval({ code = 'return 1, nil', session = 'a' })
    expect(first):equals(1)
    expect(second):is_nil()
  end)

  it('keeps what was printed before an error, once', function()
    local c = make({ error = error })
    expect(pcall(c.eval, c, { code = 'print("a", 1) error("x")', session = 'a' })):is_false()
    expect(c:output({ session = 'a' })):equals({ 'a\t1' })
    expect(c:output({ session = 'a' })):equals({})
  end)

  it('says why a text does not compile', function()
    local answer, err = make({}):eval({ code = 'f(', session = 'a' })
    expect(answer):is_nil()
    expect(err.message):contains('here:1:')
  end)

  it('tells the line of what was typed, comment or not', function()
    for _, code in ipairs({ 'nothing.here', 'nothing.here -- why', 'x = nothing.here' }) do
      local fine, err = pcall(function() return make({}):eval({ code = code, session = 'a' }) end)
      expect(fine):is_false()
      if not code:find('--', 1, true) then expect(err):matches('here:1: ') end
    end
  end)

  it('shows neither its frames nor its place', function()
    expect(console.own_frames('here:1: in f\nlib/console.lua:9: in g\nx.lua:1'))
      :equals('here:1: in f')
    expect(console.own_words('lib/console.lua:97: no')):equals('no')
  end)

  it('completes globals, variables, keywords and members, in order', function()
    local c = make({ alpha = { beta = { gamma = 1 }, bet = 2 } })
    c:eval({ code = 'alphabet = 1', session = 'a' })
    local names = table.concat(c:complete({ line = 'x = al', session = 'a' }), ' ')
    expect(names):contains('alpha alphabet and ')
    expect(c:complete({ line = 'alpha.', session = 'a' })):equals({ 'bet', 'beta' })
    expect(c:complete({ line = 'f(alpha.beta.', session = 'a' })):equals({ 'gamma' })
    expect(c:complete({ line = 'nothing.', session = 'a' })):equals({})
    c:eval({ code = 'door = channel(1)', session = 'a', see = { channel = loop.channel } })
    expect(c:complete({ line = 'door:re', session = 'a' })):equals({ 'close', 'receive', 'send' })
    local seen = c:complete({ line = 'run.', session = 'a', see = { run = { now = 1 } } })
    expect(seen):equals({ 'now' })
  end)

  it('forgets the session used longest ago', function()
    local c = make({})
    c:eval({ code = 'x = 1', session = 'first' })
    for i = 1, 16 do
      c:eval({ code = 'x = 1', session = 's' .. i })
    end
    expect(c:eval({ code = 'x', session = 'first' }).values):equals({ 'nil' })
    expect(c:eval({ code = 'x', session = 's16' }).values):equals({ '1' })
  end)
end)
