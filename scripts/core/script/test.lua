--- `moon-cli script test`: runs specs, each file in an engine of its own.
local errc = require('engine.errc')
local file = require('engine.file')
local json = require('engine.json')
local line_diff = require('lib.line_diff')
local rpc = require('lib.rpc')
local scratch = require('engine.scratch')
local sources = require('core.script.sources')
local t = rpc.types

local M = {}

local BAD = 1

local function add_spec(list, name, path) list[#list + 1] = { name = name, path = path } end

--- As tracebacks name it: from its root on, where it lies in one.
local function name_in(roots, path, dir)
  for _, root in ipairs({ roots.overlay or roots.shipped, roots.shipped, dir }) do
    if path:sub(1, #root + 1) == root .. '/' then return path:sub(#root + 2) end
  end
  return path
end

local function specs_below(list, roots, dir)
  local found, err = file.walk(dir)
  if not found then return nil, err end
  for _, entry in ipairs(found) do
    if entry.path:find('_spec%.lua$') and not entry.path:find('^%.') then
      local path = dir .. '/' .. entry.path
      add_spec(list, name_in(roots, path, dir), path)
    end
  end
  return true
end

--- A folder in the layout of scripts takes the overlay's place; other folders and files are run
--- over the scripts that are in force.
local function choose(call, paths)
  local own = #paths == 1 and file.exists(paths[1]) and sources.is_root(paths[1]) and paths[1]
  local roots, err = sources.roots(call, own or nil)
  if not roots then return nil, err end
  local list = {}
  if #paths == 0 then paths = { roots.overlay or roots.shipped } end
  for _, path in ipairs(paths) do
    local status = file.stat(path, { follow = true })
    if not status then
      return nil, errc.new('usage', ('there is no file or folder %s'):format(path))
    end
    if status.type == 'directory' then
      local fine, wrong = specs_below(list, roots, (path:gsub('/+$', '')))
      if not fine then return nil, wrong end
    else
      add_spec(list, name_in(roots, path), path)
    end
  end
  return list, roots
end

local function source_line(spec, message)
  local line = tonumber(message:match('^[^:\n]+:(%d+): '))
  if not line or message:match('^([^:]+):') ~= spec.name then return nil end
  local text, number = spec.text or file.read(spec.path) or '', 0
  spec.text = text
  for each in (text .. '\n'):gmatch('([^\n]*)\n') do
    number = number + 1
    if number == line then return { line = line, text = each } end
  end
  return nil
end

local function whole_file_failed(spec, err)
  return { passed = 0, failed = 1, failures = json.array({}), results = json.array({ {
    groups = json.array({}), name = '(the file)', passed = false, message = err.message } }),
    spec = spec.name }
end

local function run_one(spec, roots, params)
  local report, err = scratch.run({ overlay = roots.overlay, shipped = roots.shipped,
    file = spec.path, name = spec.name, match = params.match, limit = params.timeout })
  if not report then return whole_file_failed(spec, err) end
  for _, result in ipairs(report.results) do
    if not result.passed then result.source = source_line(spec, result.message) end
  end
  report.failures, report.spec = nil, spec.name
  return report
end

local function test(call, params)
  local list, roots = choose(call, params.paths)
  if not list then return nil, roots end
  local total = { passed = 0, failed = 0, files = json.array({}) }
  for _, spec in ipairs(list) do
    call.ctx.progress('running ' .. spec.name)
    local report = run_one(spec, roots, params)
    total.passed, total.failed = total.passed + report.passed, total.failed + report.failed
    if #report.results > 0 then total.files[#total.files + 1] = report end
  end
  call.ctx.progress(nil)
  if #list == 0 then
    return nil, errc.new('not_found', 'there are no specs', {
      hint = 'moon-cli script new handler NAME writes a handler with its spec' })
  end
  if total.failed > 0 or total.passed == 0 then call.ctx.exit(BAD) end
  return total
end

local GREEN, RED, DIM, PLAIN = '\27[32m', '\27[31m', '\27[2m', '\27[0m'

local function painter(out)
  return function(color, text) return out.color and color .. text .. PLAIN or text end
end

local function show_lines(text, out, indent)
  for line in (text .. '\n'):gmatch('([^\n]*)\n') do
    out:line(indent .. line)
  end
end

--- Two values that need more than a line are compared line by line.
local function differs_in_lines(result)
  local expected, actual = result.expected, result.actual
  return expected and actual
    and (expected:find('\n', 1, true) or actual:find('\n', 1, true)) ~= nil
end

local function show_failure(result, out, indent, paint)
  local comparing = differs_in_lines(result)
  local at = result.message:match('^[^:\n]+:%d+: ') or ''
  show_lines(comparing and at .. 'the values differ' or result.message, out, indent)
  if result.source then
    out:line(paint(DIM, ('%s%5d | %s'):format(indent, result.source.line, result.source.text)))
  end
  if not comparing then return end
  out:line(indent .. '- expected, + got')
  for _, line in ipairs(line_diff.lines(result.expected, result.actual)) do
    local color = line:sub(1, 1) == '-' and GREEN or line:sub(1, 1) == '+' and RED
    out:line(indent .. (color and paint(color, line) or line))
  end
end

local function show_groups(groups, shown, out)
  local same = true
  for depth, name in ipairs(groups) do
    same = same and shown[depth] == name
    if not same then out:line(('  '):rep(depth) .. name) end
  end
end

local function show_file(report, out, paint)
  out:line(report.spec)
  local shown = {}
  for _, result in ipairs(report.results) do
    show_groups(result.groups, shown, out)
    shown = result.groups
    local indent = ('  '):rep(#result.groups + 1)
    local mark = result.passed and paint(GREEN, '✓') or paint(RED, '✗')
    out:line(('%s%s %s'):format(indent, mark, result.name))
    if not result.passed then show_failure(result, out, indent .. '    ', paint) end
  end
end

local function show(_params, total, out)
  local paint = painter(out)
  for _, report in ipairs(total.files) do
    show_file(report, out, paint)
  end
  out:line(('%d passed, %d failed'):format(total.passed, total.failed))
end

M.command = rpc.from_fn_async(test)
  :with_params({
    paths = t.array{ of = t.path, default = {}, positional = true, help = 'help.arg.spec-paths' },
    match = t.optional(t.string{ help = 'help.arg.spec-match' }),
    timeout = t.duration{ default = 10, help = 'help.arg.spec-timeout' },
  })
  :with_context('CliContext')
  :with_custom_display_fn(show)
  :with_about('about.script.test')
  :with_examples('script test', 'script test --match greets')

return M
