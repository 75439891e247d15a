--- `auth.session.*`: who is logged in.
local names = require('lib.names')
local null = require('lib.null')
local rpc = require('lib.rpc')
local sessions = require('middleware.auth.sessions')
local t = rpc.types

local function list(call)
  return { current = call.session and call.session.id, sessions = sessions.list() }
end

local function kill(call, params)
  local done, err = sessions.kill(params.ids, call.connection)
  if not done then return nil, err end
  return nil
end

local function show(_params, result, out)
  local rows = {}
  for _, id in ipairs(names.sorted_keys(result.sessions)) do
    local one = result.sessions[id]
    rows[#rows + 1] = { current = id == result.current and '*' or '', id = id,
      loggedIn = one.loggedIn, lastActive = one.lastActive,
      userAgent = not null.is_null(one.userAgent) and one.userAgent or nil }
  end
  table.sort(rows, function(a, b) return a.lastActive > b.lastActive end)
  out:table({ 'current', 'id', 'loggedIn', 'lastActive', 'userAgent' }, rows)
end

local record = t.object{ fields = {
  loggedIn = t.string, lastActive = t.string, userAgent = t.optional(t.string),
  ephemeral = t.optional(t.boolean), read = t.optional(t.array(t.string)),
} }

return rpc.parent():with_about('about.auth.session')
  :subcommand('list', rpc.from_fn(list)
    :with_result(t.object{ fields = {
      current = t.optional(t.string), sessions = t.map{ of = record },
    } })
    :with_metadata('read_only', true)
    :with_metadata('admin', true)
    :with_metadata('get_session', true)
    :with_display_serializable()
    :with_custom_display_fn(show)
    :with_about('about.auth.session.list')
    :with_call_remote('CliContext'))
  :subcommand('kill', rpc.from_fn_async(kill)
    :with_params({
      ids = t.array{ of = t.string{ max_length = 64 }, min = 1, positional = true,
        help = 'help.arg.session-ids' },
    })
    :with_result(t.null)
    :with_metadata('admin', true)
    :with_metadata('audit', true)
    :no_display()
    :with_about('about.auth.session.kill')
    :with_call_remote('CliContext'))
