--- Everything that keeps scripts from loading, not just the first thing. Runs in a scratch VM:
--- `moon-cli script check`.
local host = require('core.host')
local module = require('engine.module')
local rules = require('lib.rpc.rules')
local server = require('lib.rpc.server')

local M = {}

--- A load error as `{file, line, message, mend}`. A raised table may not say where: `trace` does.
local function problem_of(err, trace)
  local message = tostring(type(err) == 'table' and err.message or err)
  local details = type(err) == 'table' and type(err.details) == 'table' and err.details or {}
  local file, line, rest = message:match('^([^%s:]+%.lua):(%d+): (.*)$')
  if not file then
    file, rest = message:match('^([^%s:]+%.lua): (.*)$')
  end
  if not file then
    file, line = trace:match('^([^%s:]+%.lua):(%d+): ')
  end
  local mend = details.mend
  local text = rest or message
  if mend and text:sub(-#mend - 3) == (' (%s)'):format(mend) then text = text:sub(1, -#mend - 4) end
  if type(details.file) == 'string' then
    file, line = details.file, details.line or rest and line
  end
  return { file = file or 'package.lua', line = tonumber(line) or 1, message = text, mend = mend }
end

local Report = {}
Report.__index = Report

--- An error counts once, though everything that requires its file fails with it.
function Report:add(err, trace)
  local problem = problem_of(err, trace or '')
  local key = ('%s:%d:%s'):format(problem.file, problem.line, problem.message)
  if self.seen[key] then return end
  self.seen[key] = true
  self.problems[#self.problems + 1] = problem
end

function Report:try(fn, ...)
  local trace
  local fine, err = xpcall(fn, function(raised)
    trace = debug.traceback()
    return raised
  end, ...)
  if not fine then self:add(err, trace) end
  return fine and err or nil
end

--- Modules of containers need engine modules that only containers offer.
local function belongs_here(name) return not name:find('^runtime%.?') end

local function load_modules(report)
  for _, file in ipairs(module.scripts()) do
    if belongs_here(file.module) then report:try(require, file.module) end
  end
end

--- The same group with one child only.
local function with_child(group, child)
  local copy = {}
  for key, value in pairs(group) do
    copy[key] = value
  end
  copy.children, copy.root = { child }, nil
  return setmetatable(copy, getmetatable(group))
end

--- Checks each leaf apart, so that one wrong leaf does not hide the next. `wrap` puts a node into
--- the tree it hangs in.
local function check_leaves(report, group, wrap)
  for _, child in ipairs(group.children) do
    local function around(node)
      return wrap(with_child(group, { name = child.name, node = node, at = child.at }))
    end
    if child.node.children and #child.node.children > 0 then
      check_leaves(report, child.node, around)
    else
      report:try(rules.check, around(child.node))
    end
  end
end

local function check_tree(report, root, context)
  local fine, err = pcall(server.load, root, context)
  if fine then return #err.methods end
  if type(root) == 'table' and root.children then
    check_leaves(report, root, function(node) return node end)
  end
  report:add(err)
  return 0
end

--- Loads everything and tells what is wrong.
---@param trees table<string, string> context → module that returns the tree
---@param control string Module of the control loop
---@return {methods: integer, problems: engine.scratch.Problem[]}
function M.find(trees, control)
  local report = setmetatable({ problems = {}, seen = {} }, Report)
  load_modules(report)
  local methods = 0
  for context, name in pairs(trees) do
    local root = report:try(require, name)
    if root then methods = methods + check_tree(report, root, context) end
  end
  -- The last word has what the daemon itself does, selftests included.
  if #report.problems == 0 then report:try(host.describe, trees, control) end
  if #report.problems == 0 then report:try(host.run_selftests) end
  return { methods = methods, problems = report.problems }
end

return M
