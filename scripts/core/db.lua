--- `db.*`: the patch store, as it is. Values cross as raw JSON: what is put comes back the same.
local auth = require('middleware.auth')
local check = require('store.check')
local history = require('core.db.history')
local json = require('engine.json')
local quota = require('store.quota')
local rights = require('middleware.auth.rights')
local rpc = require('lib.rpc')
local store = require('engine.store')
local stream = require('core.stream')
local whole = require('core.db.whole')
local t = rpc.types

local UI = '/public/ui'

local function dump(call, params)
  local allowed, err = rights.check_read(call, params.pointer)
  if not allowed then return nil, err end
  local snapshot, failure = store.peek()
  if not snapshot then return nil, failure end
  local value, problem = snapshot:raw(params.pointer)
  local revision = snapshot:revision()
  snapshot:close()
  if not value then return nil, problem end
  return { id = revision, value = value }
end

local function get(call, params)
  local allowed, err = rights.check_read(call, params.pointer)
  if not allowed then return nil, err end
  return store.raw(params.pointer)
end

--- The document and what happens to it: {dump = {id, value}} or, for who has an older one of this
--- store, {revisions = {{id, patch}, …}}; the stream goes on from there.
local function subscribe(call, params)
  local allowed, err = rights.check_read(call, params.pointer)
  if not allowed then return nil, err end
  local feed, start = store.feed(params.pointer, { since = params.since, store = params.store })
  if not feed then return nil, start end
  local guid, full = stream.open(call, feed, function(text) return text end)
  if not guid then return nil, full end
  start.guid = guid
  start.store = store.history_id()
  return start
end

local function is_below_ui(text) return text == UI or text:sub(1, #UI + 1) == UI .. '/' end

local function check_pointer(call, text)
  if auth.is_local(call) then return true end
  if is_below_ui(text) then return rights.check_read(call, text) end
  return nil, { code = 'authorization',
    message = ('%s may be written by root on the host only'):format(text),
    hint = 'user interfaces keep their settings below /public/ui' }
end

--- The folder of user interfaces is made with the first thing in it.
local function put_at(text, value, unchecked)
  local admitted, too_large = quota.admit(text, #tostring(value))
  if not admitted then return nil, too_large end
  local result, outcome = store.mutate(function(db)
    if is_below_ui(text) and text ~= UI and not db:exists(UI) then
      local made, err = db:put(UI, {})
      if not made then return nil, err end
    end
    local done, err = db:put(text, value)
    if done and not unchecked then done, err = check.place(db, text) end
    if not done or is_below_ui(text) then return done, err end
    return quota.check(db, text)
  end)
  if result == nil then return nil, outcome end
  return outcome
end

local function put(call, params)
  local allowed, err = check_pointer(call, params.pointer)
  if not allowed then return nil, err end
  return put_at(params.pointer, params.value, params.allowModelMismatch)
end

local function put_ui(call, params)
  local text = UI .. params.pointer
  local allowed, err = check_pointer(call, text)
  if not allowed then return nil, err end
  local outcome, failure = put_at(text, params.value)
  if not outcome then return nil, failure end
  return nil
end

local function apply(_call, params)
  local patch, malformed = json.decode(tostring(params.patch))
  if not patch then return nil, malformed end
  local result, outcome = store.mutate(function(db)
    local as_expected, moved = true, nil
    if params.expect then as_expected, moved = db:expect(params.expect) end
    if not as_expected then return nil, moved end
    local done, err = db:apply(params.patch)
    if done and not params.allowModelMismatch then done, err = check.patch(db, patch) end
    if not done then return nil, err end
    for _, operation in ipairs(patch) do
      local fits, too_large = quota.check(db, operation.path)
      if not fits then return nil, too_large end
    end
    return true
  end)
  if result == nil then return nil, outcome end
  return outcome
end

local function show_dump(_params, result, out) out:value(result.value) end

local outcome_schema = t.object{ fields = { revision = t.integer, changed = t.boolean } }

local function write_params(unchecked)
  return {
    pointer = t.pointer{ positional = 1, max_length = 4096, help = 'help.arg.pointer' },
    value = t.json{ raw = true, positional = 2, help = 'help.arg.value' },
    allowModelMismatch = unchecked,
  }
end

local UNCHECKED = t.flag{ help = 'help.arg.allow-model-mismatch' }

local tree = rpc.parent():with_about('about.db')
  :subcommand('dump', rpc.from_fn(dump)
    :with_params({
      pointer = t.pointer{ positional = true, default = '/public', help = 'help.arg.pointer' },
    })
    :with_result(t.json{ raw = true })
    :with_metadata('read_only', true)
    :with_display_serializable()
    :with_custom_display_fn(show_dump)
    :with_about('about.db.dump')
    :with_examples('db dump', 'db dump /public/packageData --format yaml')
    :with_call_remote('CliContext'))
  :subcommand('get', rpc.from_fn(get)
    :with_params({
      pointer = t.pointer{ positional = true, max_length = 4096, help = 'help.arg.pointer' },
    })
    :with_result(t.json{ raw = true })
    :with_errors('not_found')
    :with_metadata('read_only', true)
    :with_display_serializable()
    :with_about('about.db.get')
    :with_examples('db get /public/ui/theme')
    :with_call_remote('CliContext'))
  :subcommand('history', history.history)
  :subcommand('watch', require('core.db.watch'))
  :subcommand('subscribe', rpc.from_fn(subscribe)
    :with_params({
      pointer = t.pointer{ default = '/public', max_length = 4096 },
      since = t.optional(t.integer{ min = 0, max = 2 ^ 53 }),
      store = t.optional(t.string{ max_length = 64 }),
    })
    :with_result(t.object{ fields = {
      dump = t.optional(t.json{ raw = true }), revisions = t.optional(t.json{ raw = true }),
      guid = t.string, store = t.string,
    } })
    :with_metadata('read_only', true)
    :no_cli())
  :subcommand('put', rpc.parent():with_about('about.db.put')
    :root_handler(rpc.from_fn_async(put)
      :with_params(write_params(UNCHECKED))
      :with_result(outcome_schema)
      :with_metadata('sync_db', true)
      :with_metadata('audit', true)
      :with_display_serializable()
      :with_about('about.db.put')
      :with_examples([[db put /public/ui/theme '"dark"']], 'db put /public/ui/panel @panel.json')
      :with_call_remote('CliContext'))
    :subcommand('ui', rpc.from_fn_async(put_ui)
      :with_params(write_params())
      :with_result(t.null)
      :with_metadata('sync_db', true)
      :no_cli()))
  :subcommand('apply', rpc.from_fn_async(apply)
    :with_params({
      patch = t.json{ raw = true, positional = true, help = 'help.arg.patch' },
      expect = t.optional(t.integer{ min = 0, help = 'help.arg.expect-revision' }),
      allowModelMismatch = UNCHECKED,
    })
    :with_result(outcome_schema)
    :with_metadata('sync_db', true)
    :with_metadata('audit', true)
    :with_metadata('local', true)
    :with_display_serializable()
    :with_about('about.db.apply')
    :with_examples([[db apply '[{"op":"remove","path":"/public/ui/theme"}]']])
    :with_call_remote('CliContext'))

return whole.add(history.add_revert(tree, outcome_schema))
