--- The four kinds of handlers in one file: which VM they run in, what they may keep, whether they may
--- wait. A file is loaded once in each VM.
local crypto = require('engine.crypto')
local loop = require('engine.loop')
local rpc = require('lib.rpc')
local state = require('engine.state')
local t = rpc.types

local vm = crypto.guid()
local calls = 0

local function where()
  calls = calls + 1
  return { vm = vm, calls = calls }
end

local function release() state.set('kinds.released', true) end

-- Each ends when somebody else has been let through.
local function ended()
  state.set('kinds.released', nil)
  return where()
end

local function wait()
  repeat
    loop.sleep(0.005)
  until state.get('kinds.released')
  return ended()
end

local function compute()
  repeat until state.get('kinds.released')
  return ended()
end

local group = rpc.parent():with_about('about.echo')
  :subcommand('release', rpc.from_fn(release):no_cli())
for name, make in pairs({ fn = rpc.from_fn, async = rpc.from_fn_async,
  ['async-local'] = rpc.from_fn_async_local, blocking = rpc.from_fn_blocking }) do
  for verb, fn in pairs({ where = where, wait = wait, compute = compute }) do
    group:subcommand(name .. '-' .. verb, make(fn):with_result(t.any):no_cli())
  end
end
return group
