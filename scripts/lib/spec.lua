--- A small test runner: `describe`, `it`, `before_each`, `after_each`, `expect`.
---
--- Bodies may wait: the whole run belongs into a task. Specs of scripts and of packages use it.
local pretty = require('lib.pretty')

local M = {}

---@class lib.spec.Group
---@field name string
---@field before function[]
---@field after function[]

---@class lib.spec.Report
---@field passed integer
---@field failed integer
---@field failures {name: string, message: string}[]
---@field results lib.spec.Result[] Of every test, in the order of the file

---@class lib.spec.Result
---@field groups string[] Names of the `describe`s around it
---@field name string
---@field passed boolean
---@field message string? Why not
---@field expected string? What `equals` wanted, for a comparison line by line
---@field actual string?
---@field seconds number? With the option `now`

---@class lib.spec.Options
---@field print? fun(line: string)
---@field globals? table
---@field match? string Only tests with this text in their name
---@field now? fun(): number
---@field shield? fun(body: function): boolean, any Calls like `pcall`; ends what does not end
---@field held? fun(): {references: integer, tasks: table, objects: table} What the engine holds for
---scripts: a test that leaves a task waiting fails, and so does a file that leaves the rest
---@field pause? fun() Gives way to others; wanted with `held`

local Expectation = {}
Expectation.__index = Expectation

local function show(value, depth)
  if type(value) == 'string' then return ('%q'):format(value) end
  if type(value) ~= 'table' or (depth or 0) > 4 then return tostring(value) end
  local meta = getmetatable(value)
  if type(meta) == 'table' and meta.__tostring then return tostring(value) end
  local parts, named = {}, {}
  for _, member in ipairs(value) do
    parts[#parts + 1] = show(member, (depth or 0) + 1)
  end
  for key, member in pairs(value) do
    if type(key) ~= 'number' or parts[key] == nil then
      named[#named + 1] = ('%s = %s'):format(key, show(member, (depth or 0) + 1))
    end
  end
  table.sort(named)
  for _, part in ipairs(named) do
    parts[#parts + 1] = part
  end
  return '{' .. table.concat(parts, ', ') .. '}'
end

local function same(a, b)
  if a == b then return true end
  if type(a) ~= 'table' or type(b) ~= 'table' then return false end
  for key, member in pairs(a) do
    if not same(member, b[key]) then return false end
  end
  for key in pairs(b) do
    if a[key] == nil then return false end
  end
  return true
end

-- The level of the spec: the first frame that is no frame of this file.
local function here()
  for frame in debug.traceback():gmatch('[^\n]+') do
    local at = frame:match('^%s*([^%[%s].-:%d+):')
    if at and not at:find('lib/spec%.lua:%d+$') then return at .. ': ' end
  end
  return ''
end

--- What a failed expectation raises.
local Failure = {}
Failure.__index = Failure
Failure.__tostring = function(failure) return failure.message end

local function judge(self, good, text, ...)
  if good == self.wanted then return self end
  local words = {}
  for i = 1, select('#', ...) do
    words[i] = show((select(i, ...)))
  end
  local sentence = ('expected %%s %s%s'):format(self.wanted and '' or 'not ', text)
  error(setmetatable({ message = here() .. sentence:format(show(self.value), unpack(words)) },
    Failure), 0)
end

--- The values of a failed comparison, written out over several lines.
local function with_values(self, other, fine, err)
  if fine then return self end
  if self.wanted and (type(self.value) == 'table' or type(other) == 'table'
    or type(other) == 'string') then
    err.expected, err.actual = pretty.lua(other), pretty.lua(self.value)
  end
  error(err, 0)
end

--- Turns the next judgement round: `expect(x):never():equals(y)`.
function Expectation:never()
  return setmetatable({ value = self.value, wanted = not self.wanted }, Expectation)
end

--- Deep equality.
function Expectation:equals(other)
  return with_values(self, other, pcall(judge, self, same(self.value, other), 'to equal %s', other))
end

--- The same value.
function Expectation:is(other)
  return judge(self, rawequal(self.value, other), 'to be %s', other)
end

function Expectation:is_nil() return judge(self, self.value == nil, 'to be nil') end

function Expectation:is_true() return judge(self, self.value == true, 'to be true') end

function Expectation:is_false() return judge(self, self.value == false, 'to be false') end

--- Neither nil nor false.
function Expectation:is_truthy() return judge(self, not not self.value, 'to be truthy') end

--- Text that matches a Lua pattern.
function Expectation:matches(pattern)
  local good = type(self.value) == 'string' and self.value:find(pattern) ~= nil
  return judge(self, good, 'to match %s', pattern)
end

--- Text with the given part, or a list with the given member.
function Expectation:contains(part)
  local good = false
  if type(self.value) == 'string' then
    good = self.value:find(part, 1, true) ~= nil
  else
    for _, member in pairs(self.value) do
      good = good or same(member, part)
    end
  end
  return judge(self, good, 'to contain %s', part)
end

function Expectation:has_length(count)
  return judge(self, #self.value == count, 'to have the length %s', count)
end

--- A function that raises; the message must contain `part`, the error table must have its fields.
---@param part? string|table
function Expectation:raises(part)
  local fine, err = pcall(self.value)
  local good = not fine
  if good and type(part) == 'string' then
    good = tostring(err):find(part, 1, true) ~= nil
  elseif good and part then
    for key, member in pairs(part) do
      good = good and type(err) == 'table' and same(err[key], member)
    end
  end
  local got = fine and 'no error' or tostring(err)
  if good == self.wanted then return self end
  error(('%sexpected the function %sto raise %s, got %s'):format(here(),
    self.wanted and '' or 'not ', part and show(part) or 'an error', got), 0)
end

---@param value any
function M.expect(value) return setmetatable({ value = value, wanted = true }, Expectation) end

local function name_of(groups, name)
  local parts = {}
  for _, group in ipairs(groups) do
    parts[#parts + 1] = group.name
  end
  parts[#parts + 1] = name
  return table.concat(parts, ' ')
end

local function text_of(err)
  if type(err) ~= 'table' then return tostring(err) end
  return tostring(err.message or show(err))
end

local function run_hooks(groups, field)
  for _, group in ipairs(groups) do
    for _, hook in ipairs(group[field]) do
      hook()
    end
  end
end

--- Tasks that wait now and did not before, in words.
local function new_tasks(before, now)
  local more = {}
  for id, task in pairs(now.tasks) do
    if not before.tasks[id] then
      more[#more + 1] = ("the task '%s', waiting at %s"):format(task.name, task.place)
    end
  end
  return more
end

--- Objects of the engine, and values it keeps for scripts, that are more than before.
local function new_objects(before, now)
  local more = {}
  for class, count in pairs(now.objects) do
    local by = count - (before.objects[class] or 0)
    if by > 0 then more[#more + 1] = ('%d of %s'):format(by, class) end
  end
  local values = now.references - before.references
  if values > 0 then more[#more + 1] = ('%d values kept by the engine'):format(values) end
  return more
end

local FILE = '(the file)'
local SETTLING = 1

--- Raises when `more` finds something since `before`. What is about to end has a moment for it.
---@async
local function nothing_left(more, before, options)
  local limit = os.time() + SETTLING
  repeat
    local left = more(before, options.held())
    if #left == 0 then return end
    options.pause()
    table.sort(left)
    if os.time() > limit then
      error({ message = 'left behind: ' .. table.concat(left, '; ') }, 0)
    end
  until false
end

---@async
local function run_test(test, options)
  local shield = options.shield or pcall
  local before = options.held and options.held()
  local fine, err = shield(function()
    run_hooks(test.groups, 'before')
    test.body()
  end)
  local cleaned, problem = shield(function() run_hooks(test.groups, 'after') end)
  if fine and before then fine, err = pcall(nothing_left, new_tasks, before, options) end
  if fine and not cleaned then return false, problem end
  return fine, err
end

--- What a spec file sees as globals, and the list its `it`s are put in.
local function collector()
  local groups, tests = { { name = '', before = {}, after = {} } }, {}
  local env = { expect = M.expect }
  function env.describe(name, body)
    groups[#groups + 1] = { name = name, before = {}, after = {} }
    body()
    groups[#groups] = nil
  end
  function env.it(name, body)
    tests[#tests + 1] = { name = name_of(groups, name):gsub('^%s+', ''),
      groups = { unpack(groups) }, own_name = name, body = body }
  end
  function env.before_each(hook) table.insert(groups[#groups].before, hook) end
  function env.after_each(hook) table.insert(groups[#groups].after, hook) end
  return env, tests
end

local function group_names(groups)
  local list = {}
  for i = 2, #groups do
    list[#list + 1] = groups[i].name
  end
  return list
end

--- The spec's tests, or why it does not load.
local function load_spec(source, file, options)
  local env, tests = collector()
  for name, value in pairs(options.globals or {}) do
    env[name] = value
  end
  local chunk, syntax = load(source, '@' .. file, 't', setmetatable(env, { __index = _G }))
  if not chunk then return nil, syntax end
  local loaded, problem = (options.shield or pcall)(chunk)
  if not loaded then return nil, problem end
  return tests
end

local function add_result(report, test, fine, err, seconds)
  local result = { groups = group_names(test.groups), name = test.own_name, passed = fine,
    seconds = seconds }
  report.results[#report.results + 1] = result
  if fine then
    report.passed = report.passed + 1
    return
  end
  result.message = text_of(err)
  if type(err) == 'table' then
    result.expected, result.actual = rawget(err, 'expected'), rawget(err, 'actual')
  end
  report.failed = report.failed + 1
  report.failures[#report.failures + 1] = { name = test.name, message = result.message }
end

--- Runs the tests of a file and calls `add` with how each ended.
---@async
local function run_tests(source, file, options, add)
  local tests, problem = load_spec(source, file, options)
  if not tests then
    return add({ name = '(loading)', own_name = '(loading)', groups = {} }, false, problem)
  end
  for _, test in ipairs(tests) do
    if not options.match or test.name:find(options.match, 1, true) then
      local began = options.now and options.now()
      local fine, err = run_test(test, options)
      add(test, fine, err, began and options.now() - began)
    end
  end
end

--- Runs one spec file. *async*
---@param source string Its text
---@param file string As messages name it
---@param options? lib.spec.Options
---@return lib.spec.Report
---@async
function M.run(source, file, options)
  options = options or {}
  local report = { passed = 0, failed = 0, failures = {}, results = {} }
  local function add(test, fine, err, seconds)
    add_result(report, test, fine, err, seconds)
    if not fine and options.print then
      options.print(('FAIL %s: %s'):format(test.name, text_of(err)))
    end
  end
  local before = options.held and options.held()
  run_tests(source, file, options, add)
  -- With the tests gone, what is still there is kept by modules or by the engine.
  if before then
    local fine, err = pcall(nothing_left, new_objects, before, options)
    if not fine then add({ name = FILE, own_name = FILE, groups = {} }, false, err) end
  end
  return report
end

return M
