--- What runs inside the engine of a spec file: `moon-cli script test`.
---
--- Specs see, beside describe, it, before_each, after_each and expect:
---
---     call(method, params?, { as = …, context = …, headers = … })  → result | nil, err
---     clock.advance(seconds)   clock.now()
---     data_dir                 a folder of the file's own
---     eventually(fn, seconds?) waits until fn gives something true
local engine = require('engine.spec')
local json = require('engine.json')
local loop = require('engine.loop')
local spec = require('lib.spec')

local M = {}

local ROOT, NOBODY = 0, 65534
local PATIENCE = 5
local TEST = 'test'

local USERS = { root = ROOT, nobody = NOBODY }

--- A user by number or name; false: a caller of whom no peer is known.
local function uid_of(as)
  if as == nil then return ROOT end
  if as == false then return nil end
  if type(as) == 'number' then return as end
  return USERS[as] or error(("as = '%s' is no user: a number, 'root', 'nobody' or false"):format(
    tostring(as)), 3)
end

local function call(method, params, options)
  options = options or {}
  return engine.call({ method = method, params = params or {}, uid = uid_of(options.as),
    context = options.context, attributes = options.attributes, transport = options.transport,
    address = options.address, locale = options.locale, headers = options.headers })
end

--- Lets others run, in real time, until something has come.
local function eventually(fn, seconds)
  local limit = os.time() + math.ceil(seconds or PATIENCE)
  repeat
    local value = fn()
    if value then return value end
    engine.advance(0)
  until os.time() > limit
  error('it never came', 2)
end

local function list(items)
  for i, item in ipairs(items) do
    item.groups = json.array(item.groups)
    items[i] = item
  end
  return json.array(items)
end

--- The engine keeps values of its own for the calls of a spec; what it keeps for scripts hangs on
--- an object or a task.
local function held()
  local all = engine.held()
  all.references = 0
  return all
end

local function place_of_test()
  for _, task in pairs(engine.held().tasks) do
    if task.name == TEST then return task.place end
  end
  return ''
end

--- Each test in a task of its own: one that computes without end is stopped, and the others go on.
--- One that waits for what never comes, too; by the machine's clock, since that of specs stands.
---@async
local function shield(limit)
  return function(body)
    local late
    local task = loop.spawn(function() return pcall(body) end, { name = TEST, slice = limit })
    local watchdog = loop.spawn(function()
      if not engine.wait(limit) then return end
      late = place_of_test()
      task:cancel()
    end, { name = 'watchdog' })
    local fine, err = task:join()
    watchdog:cancel()
    if not late then return fine == true, err end
    return false, { message = ('%s: still waiting after %g s (--timeout): for the clock? '
      .. 'clock.advance(seconds) moves it'):format(late, limit) }
  end
end

--- Runs one spec file. *async*
---@param source string
---@param name string As messages name it
---@param match string Only tests with this in their name; empty: all
---@param limit number Seconds for each test
---@return lib.spec.Report
---@async
function M.run(source, name, match, limit)
  local report = spec.run(source, name, {
    match = match ~= '' and match or nil, now = os.clock,
    shield = shield(limit), held = held, pause = function() engine.advance(0) end,
    globals = {
      call = call, eventually = eventually, data_dir = engine.data_dir(),
      clock = { advance = engine.advance, now = loop.now },
    },
  })
  report.results, report.failures = list(report.results), json.array(report.failures)
  return report
end

return M
