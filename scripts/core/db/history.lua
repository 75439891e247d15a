--- `db.history` and `db.revert`: what happened to the document, and undoing it.
local auth = require('middleware.auth')
local json = require('engine.json')
local rights = require('middleware.auth.rights')
local rpc = require('lib.rpc')
local store = require('engine.store')
local timestamp = require('lib.timestamp')
local t = rpc.types

local M = {}

local MOST = 2 ^ 53

local function history(call, params)
  local at = params.pointer or (auth.is_local(call) and '' or '/public')
  local allowed, err = rights.check_read(call, at)
  if not allowed then return nil, err end
  local revisions, failure = store.history({ pointer = at, since = params.since,
    before = params.before, limit = params.limit, patch = params.patch })
  if not revisions then return nil, failure end
  for _, revision in ipairs(revisions) do
    revision.time = timestamp.format(revision.time)
    if not call.auth.owner then revision.method, revision.who = nil, nil end
  end
  return { revisions = revisions }
end

local function revert(_call, params)
  return store.revert(params.first, params.last or params.first)
end

local function range_text(range)
  if range.first == range.last then return ('%d'):format(range.first) end
  return ('%d..%d'):format(range.first, range.last)
end

local function show_history(params, result, out)
  local rows = {}
  for i, each in ipairs(result.revisions) do
    rows[i] = { revision = each.id, time = each.time, class = each.class, bytes = each.bytes,
      method = each.method, who = each.who, reverts = each.reverts and range_text(each.reverts) }
    if params.patch then rows[i].patch = each.patch and json.encode(each.patch) or '…' end
  end
  local columns = { 'revision', 'time', 'class', 'bytes', 'method', 'who', 'reverts' }
  if params.patch then columns[#columns + 1] = 'patch' end
  out:table(columns, rows)
end

--- `12` or `12..14`.
local function parse_range(text)
  local first, last = text:match('^(%d+)%.%.(%d+)$')
  first = first or text:match('^%d+$')
  if first and tonumber(first) > 0 then
    return { first = tonumber(first), last = tonumber(last or first) }
  end
  return nil, { code = 'usage', message = ("'%s' is no revision"):format(text),
    hint = 'write 12, or 12..14 for several' }
end

local function revert_here(call, params)
  local range, err = parse_range(params.revision)
  if not range then return nil, err end
  return call.ctx.remote('db.revert', range)
end

local revision = t.object{ fields = {
  id = t.integer, time = t.datetime, class = t.enum{ 'durable', 'soon' },
  bytes = t.optional(t.integer),
  method = t.optional(t.string), who = t.optional(t.string),
  reverts = t.optional(t.object{ fields = { first = t.integer, last = t.integer } }),
  patch = t.optional(t.json{ raw = true }),
} }

M.history = rpc.from_fn_async(history)
  :with_params({
    pointer = t.string{ positional = true, optional = true, max_length = 4096,
      help = 'help.arg.history-pointer' },
    since = t.optional(t.integer{ min = 0, max = MOST, help = 'help.arg.history-since' }),
    before = t.optional(t.integer{ min = 0, max = MOST, help = 'help.arg.history-before' }),
    limit = t.integer{ short = 'n', default = 20, min = 1, max = 10000,
      help = 'help.arg.history-limit' },
    patch = t.flag{ short = 'p', help = 'help.arg.history-patch' },
  })
  :with_result(t.object{ fields = { revisions = t.array{ of = revision } } })
  :with_errors('authorization')
  :with_metadata('read_only', true)
  :with_display_serializable()
  :with_custom_display_fn(show_history)
  :with_about('about.db.history')
  :with_examples('db history /public/ui --patch', 'db history --since 100 --limit 5')
  :with_call_remote('CliContext')

--- Adds `revert`, the method and the command.
---@param parent table
---@param outcome table Schema of what a change gives
---@return table parent
function M.add_revert(parent, outcome)
  return parent
    :subcommand('revert', rpc.from_fn_blocking(revert)
      :with_params({
        first = t.integer{ min = 1, max = MOST },
        last = t.optional(t.integer{ min = 1, max = MOST }),
      })
      :with_result(outcome)
      :with_errors('conflict', 'not_found')
      :with_metadata('sync_db', true)
      :with_metadata('audit', true)
      :with_metadata('local', true)
      :no_cli())
    :subcommand('revert', rpc.from_fn_async(revert_here)
      :with_params({
        revision = t.string{ positional = true, max_length = 64, help = 'help.arg.revision' },
      })
      :with_context('CliContext')
      :with_display_serializable()
      :with_about('about.db.revert')
      :with_examples('db revert 12', 'db revert 12..14'))
end

return M
