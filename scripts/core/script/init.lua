--- `script.*`: the generation of scripts in force.
local author = require('core.script.new')
local daemon = require('engine.daemon')
local names = require('lib.names')
local rpc = require('lib.rpc')
local t = rpc.types

local function list()
  local methods = daemon.methods('RpcContext')
  for i, method in ipairs(methods) do
    methods[i] = { method = method.method, kind = method.kind, file = method.file,
      line = method.line }
  end
  return methods
end

--- A refusal is this method's answer and none of its failures: without a traceback it is told as it
--- is.
local function reload()
  local report, err = daemon.reload()
  if not report then
    err.debug = nil
    return nil, err
  end
  return report
end

local function status() return daemon.status() end

local function show_list(_params, result, out)
  out:table({ 'method', 'kind', 'file', 'line' }, result)
end

local function add_changes(rows, context, changes)
  for _, kind in ipairs({ 'added', 'removed', 'changed' }) do
    for _, method in ipairs(changes[kind] or {}) do
      local name = type(method) == 'table' and method.method or method
      rows[#rows + 1] = { change = kind, context = context, method = name }
    end
  end
end

local function show_report(_params, report, out)
  out:line(('generation %s%s'):format(report.generation,
    report.changed == false and ', the methods are as they were' or ''))
  local rows = {}
  for _, context in ipairs(names.sorted_keys(report.methods or {})) do
    add_changes(rows, context, report.methods[context])
  end
  if #rows > 0 then out:table({ 'change', 'context', 'method' }, rows) end
end

local function show_status(_params, current, out)
  out:block({ { 'generation', current.generation }, { 'loaded at', current.loadedAt },
    { 'roots', current.roots } })
  local err = current.error
  if type(err) == 'table' then
    out:line(('refused: %s'):format(err.message))
    if err.file then out:line(('     at: %s:%s'):format(err.file, err.line)) end
  end
  for _, method in ipairs(names.sorted_keys(current.failures or {})) do
    local failure = current.failures[method]
    out:line(('%s failed %s×, last: %s'):format(method, failure.count, failure.last))
  end
end

return rpc.parent():with_about('about.script')
  :subcommand('init', author.init)
  :subcommand('new', author.new)
  :subcommand('list', rpc.from_fn(list)
    :with_metadata('read_only', true)
    :with_display_serializable()
    :with_custom_display_fn(show_list)
    :with_about('about.script.list')
    :with_call_remote('CliContext'))
  :subcommand('reload', rpc.from_fn_async(reload)
    :with_result(t.object{ open = true, fields = {} })
    :with_metadata('audit', true)
    :with_display_serializable()
    :with_custom_display_fn(show_report)
    :with_about('about.script.reload')
    :with_call_remote('CliContext'))
  :subcommand('status', rpc.from_fn_async(status)
    :with_result(t.object{ open = true, fields = {} })
    :with_metadata('read_only', true)
    :with_display_serializable()
    :with_custom_display_fn(show_status)
    :with_about('about.script.status')
    :with_call_remote('CliContext'))
