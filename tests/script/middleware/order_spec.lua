--- Three middlewares that write down when they run.
local rpc = require('lib.rpc')
local server = require('lib.rpc.server')

local seen

local function recorder(name, more)
  local one = { name = name, keys = {},
    request = function() seen[#seen + 1] = name .. '>' end,
    response = function() seen[#seen + 1] = '<' .. name end,
  }
  for key, value in pairs(more or {}) do
    one[key] = value
  end
  return one
end

local function run(chain, call, fn)
  seen = {}
  local root = rpc.parent():with_context('RpcContext'):with_middleware('RpcContext', chain)
    :subcommand('m', rpc.from_fn(fn or function() seen[#seen + 1] = 'handler' end))
  local result, err = server.load(root, 'RpcContext').runners.m(call or {}, {})
  return table.concat(seen, ' '), result, err
end

describe('hooks', function()
  it('run last to first before the handler, first to last behind it', function()
    expect((run({ recorder('a'), recorder('b'), recorder('c') })))
      :equals('c> b> a> handler <a <b <c')
  end)

  it('all run behind a stop, also those whose request hook did not', function()
    local stop = { request = function()
      seen[#seen + 1] = 'stop'
      return { error = { code = 'authorization', message = 'no' } }
    end }
    local order, _, err = run({ recorder('a'), recorder('b', stop), recorder('c') })
    expect(order):equals('c> stop <a <b <c')
    expect(err.code):equals('authorization')
  end)

  it('may stop with a result', function()
    local stop = { request = function() return { result = 'early' } end }
    local order, result = run({ recorder('a'), recorder('b', stop), recorder('c') })
    expect(order):equals('c> <a <b <c')
    expect(result):equals('early')
  end)

  it('see results and errors, and may replace them', function()
    local got
    local function swap(_call, response)
      got = response
      response.result, response.error = 'other', nil
    end
    local _, result, err = run({ recorder('a', { response = swap }) }, nil,
      function() return nil, { code = 'conflict' } end)
    expect(result):equals('other')
    expect(err):is_nil()
    expect(got.raised):is_nil()
  end)

  it('are left out of calls that do not concern them', function()
    local function concerns(call) return call.http end
    local chain = { recorder('a', { concerns = concerns }), recorder('b') }
    expect((run(chain))):equals('b> handler <b')
    expect((run(chain, { http = { headers = {} } }))):equals('b> a> handler <a <b')
  end)

  it('see what was raised, and the author keeps the traceback', function()
    local function broken() error('broken') end
    local fine, err = pcall(run, { recorder('a', { after_raise = true }) }, nil,
      function() broken() end)
    expect(fine):is_false()
    expect(table.concat(seen, ' ')):equals('a> <a')
    expect(err.message):contains('broken')
    expect(err.debug):contains("in function 'broken'")
  end)
end)
