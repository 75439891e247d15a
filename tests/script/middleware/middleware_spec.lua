local log = require('engine.log')
local rpc = require('lib.rpc')
local server = require('lib.rpc.server')
local t = rpc.types

local CHAIN = {
  require('middleware.auth'), require('middleware.audit'), require('middleware.sync_db'),
}

--- A runner behind the real chain.
local function runner(metadata, fn)
  local leaf = rpc.from_fn(fn or function() return 'done' end)
    :with_params({ text = t.optional(t.string) })
  for key, value in pairs(metadata) do
    leaf:with_metadata(key, value)
  end
  local root = rpc.parent():with_context('RpcContext'):with_middleware('RpcContext', CHAIN)
    :subcommand('m', leaf)
  return server.load(root, 'RpcContext').runners.m
end

local function call(uid, own)
  local peer = uid and { uid = uid, gid = 0, pid = 9 }
  return { ctx = { name = 'RpcContext', uid = own }, peer = peer }
end

describe('auth', function()
  it('lets in root and the user of the daemon', function()
    expect(runner({})(call(0), {})):equals('done')
    expect(runner({})(call(1000), {})):equals('done')
    expect(runner({})(call(33, 33), {})):equals('done')
  end)

  it('refuses others, and callers it knows nothing about', function()
    local result, err = runner({})(call(1001), {})
    expect(result):is_nil()
    expect(err.code):equals('authorization')
    expect(err.message):contains('user 1001')
    expect(err.hint):contains('root')
    local _, unknown = runner({})(call(nil), {})
    expect(unknown.code):equals('authorization')
  end)

  it('is not there for public methods, unless they want an administrator', function()
    expect(runner({ authenticated = false })(call(1001), {})):equals('done')
    local _, err = runner({ authenticated = false, admin = true })(call(1001), {})
    expect(err.code):equals('authorization')
  end)
end)

describe('audit', function()
  before_each(function() log.lines = {} end)

  it('writes one line: who, what, how it ended; never the contents', function()
    runner({ audit = true })(call(0), { text = 'secret' })
    expect(log.lines):has_length(1)
    local line = log.lines[1]
    expect(line.target):equals('audit')
    expect(line.message):equals('m')
    expect(line.fields.uid):equals(0)
    expect(line.fields.pid):equals(9)
    expect(line.fields.result):equals('ok')
    expect(line.fields.params_bytes):equals(#'{"text":"secret"}')
    expect(line.fields.params_hash):has_length(16)
    expect(line.fields.ms >= 0):is_true()
    for _, value in pairs(line.fields) do
      expect(tostring(value)):never():contains('secret')
    end
  end)

  it('sees what is refused, what fails and what raises', function()
    runner({ audit = true })(call(1001), {})
    runner({ audit = true })(call(0), { text = 3 })
    runner({ audit = true }, function() return nil, { code = 'conflict' } end)(call(0), {})
    local raising = runner({ audit = true }, function() error('broken', 0) end)
    expect(function() raising(call(0), {}) end):raises('broken')
    local results = {}
    for i, line in ipairs(log.lines) do
      results[i] = line.fields.result
    end
    expect(results):equals({ 'authorization', 'invalid_params', 'conflict', 'raised' })
  end)

  it('is silent for other methods', function()
    runner({})(call(0), {})
    expect(log.lines):has_length(0)
  end)
end)

describe('sync_db', function()
  it('tells the revision the store has reached, also with an error', function()
    local one = call(0)
    runner({ sync_db = true })(one, {})
    expect(one.response.patch_sequence):equals(7)
    one = call(1001)
    runner({ sync_db = true })(one, {})
    expect(one.response.patch_sequence):equals(7)
    one = call(0)
    runner({})(one, {})
    expect(one.response):is_nil()
  end)
end)
