--- `db.*`: the patch store, as it is. Values cross as raw JSON: what is put comes back the same.
local auth = require('middleware.auth')
local pointer = require('lib.pointer')
local rpc = require('lib.rpc')
local store = require('engine.store')
local stream = require('core.stream')
local t = rpc.types

local UI = '/public/ui'

local function is_public(text) return text == '/public' or text:sub(1, 8) == '/public/' end

--- What is not public is for root on the host: passwords, sessions and keys are there.
local function check_read(call, text)
  if is_public(text) or auth.is_local(call) then return true end
  return nil, { code = 'authorization', message = 'only /public may be read from elsewhere',
    hint = 'moon-cli db dump reads everything, on the host itself' }
end

local function dump(call, params)
  local allowed, err = check_read(call, params.pointer)
  if not allowed then return nil, err end
  local snapshot, failure = store.peek()
  if not snapshot then return nil, failure end
  local value, problem = snapshot:raw(params.pointer)
  local revision = snapshot:revision()
  snapshot:close()
  if not value then return nil, problem end
  return { id = revision, value = value }
end

--- The document and what happens to it: {dump = {id, value}} or, for who has an older one of this
--- store, {revisions = {{id, patch}, …}}; the stream goes on from there.
local function subscribe(call, params)
  local allowed, err = check_read(call, params.pointer)
  if not allowed then return nil, err end
  local feed, start = store.feed(params.pointer, { since = params.since, store = params.store })
  if not feed then return nil, start end
  start.guid = stream.open(call, feed, function(text) return text end)
  start.store = store.id()
  return start
end

local function is_below_ui(text) return text == UI or text:sub(1, #UI + 1) == UI .. '/' end

local function check_pointer(call, text)
  local tokens, problem = pointer.split(text)
  if not tokens then
    return nil, { code = 'invalid_params', message = 'params.pointer: ' .. problem }
  end
  if is_below_ui(text) or auth.is_local(call) then return true end
  return nil, { code = 'authorization',
    message = ('%s may be written by root on the host only'):format(text),
    hint = 'user interfaces keep their settings below /public/ui' }
end

--- The folder of user interfaces is made with the first thing in it.
local function put_at(text, value)
  local result, outcome = store.mutate(function(db)
    if is_below_ui(text) and text ~= UI and not db:exists(UI) then
      local made, err = db:put(UI, {})
      if not made then return nil, err end
    end
    return db:put(text, value)
  end)
  if result == nil then return nil, outcome end
  return outcome
end

local function put(call, params)
  local allowed, err = check_pointer(call, params.pointer)
  if not allowed then return nil, err end
  return put_at(params.pointer, params.value)
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
  return store.apply(params.patch, { expect = params.expect })
end

local function show_dump(_params, result, out) out:value(result.value) end

local outcome_schema = t.object{ fields = { revision = t.integer, changed = t.boolean } }

local function write_params()
  return {
    pointer = t.string{ positional = 1, max_length = 4096, help = 'help.arg.pointer' },
    value = t.json{ raw = true, positional = 2, help = 'help.arg.value' },
  }
end

return rpc.parent():with_about('about.db')
  :subcommand('dump', rpc.from_fn(dump)
    :with_params({
      pointer = t.string{ positional = true, default = '/public', help = 'help.arg.pointer' },
    })
    :with_result(t.json{ raw = true })
    :with_metadata('read_only', true)
    :with_display_serializable()
    :with_custom_display_fn(show_dump)
    :with_about('about.db.dump')
    :with_call_remote('CliContext'))
  :subcommand('subscribe', rpc.from_fn(subscribe)
    :with_params({
      pointer = t.string{ default = '/public', max_length = 4096 },
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
      :with_params(write_params())
      :with_result(outcome_schema)
      :with_metadata('sync_db', true)
      :with_metadata('audit', true)
      :with_display_serializable()
      :with_about('about.db.put')
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
    })
    :with_result(outcome_schema)
    :with_metadata('sync_db', true)
    :with_metadata('audit', true)
    :with_metadata('local', true)
    :with_display_serializable()
    :with_about('about.db.apply')
    :with_call_remote('CliContext'))
