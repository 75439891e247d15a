--- `notification.*`: what people should know of.
local notifications = require('service.notifications')
local rpc = require('lib.rpc')
local t = rpc.types

local function list(_call, params) return notifications.list(params.before, params.limit) end

--- A handler that answers with nothing.
local function silent(act)
  return function(_call, params)
    local done, err = act(params)
    if not done then return nil, err end
    return nil
  end
end

local function create(_call, params)
  return notifications.create({ packageId = params.package, level = params.level,
    title = params.title, message = params.message })
end

local function show_list(_params, records, out)
  local rows = {}
  for i, record in ipairs(records) do
    rows[i] = { id = record.id, created = record.createdAt, level = record.level,
      package = record.packageId, title = record.title, seen = record.seen }
  end
  out:table({ 'id', 'created', 'level', 'package', 'title', 'seen' }, rows)
end

local function ids()
  return { ids = t.array{ of = t.integer{ min = 0 }, min = 1, max = 1000, positional = true,
    help = 'help.arg.notification-ids' } }
end

local function before(help)
  return { before = t.integer{ min = 0, positional = true, help = help } }
end

local function command(act, params, about)
  return rpc.from_fn_async(silent(act))
    :with_params(params)
    :with_result(t.null)
    :with_metadata('sync_db', true)
    :no_display()
    :with_about(about)
    :with_call_remote('CliContext')
end

local record = t.object{ fields = {
  id = t.integer, packageId = t.nullable(t.string), createdAt = t.string, code = t.integer,
  level = t.enum(notifications.LEVELS), title = t.string, message = t.string, data = t.any,
  seen = t.boolean,
} }

return rpc.parent():with_about('about.notification')
  :subcommand('list', rpc.from_fn(list)
    :with_params({
      before = t.optional(t.integer{ min = 0, help = 'help.arg.notification-before' }),
      limit = t.integer{ default = 40, min = 1, max = 500, help = 'help.arg.notification-limit' },
    })
    :with_result(t.array{ of = record })
    :with_metadata('read_only', true)
    :with_display_serializable()
    :with_custom_display_fn(show_list)
    :with_about('about.notification.list')
    :with_call_remote('CliContext'))
  :subcommand('create', rpc.from_fn_async(create)
    :with_params({
      level = t.enum{ values = notifications.LEVELS, positional = 1,
        help = 'help.arg.notification-level' },
      title = t.string{ positional = 2, min_length = 1, max_length = 200,
        help = 'help.arg.notification-title' },
      message = t.string{ positional = 3, max_length = 16384,
        help = 'help.arg.notification-message' },
      package = t.package_id{ short = 'p', optional = true, help = 'help.arg.package-id' },
    })
    :with_result(t.integer)
    :with_metadata('sync_db', true)
    :with_about('about.notification.create')
    :with_examples("notification create warning 'Disk' 'Less than 10 GiB are free'")
    :with_call_remote('CliContext'))
  :subcommand('remove', command(function(params) return notifications.remove(params.ids) end,
    ids(), 'about.notification.remove'))
  :subcommand('remove-before', command(
    function(params) return notifications.remove_before(params.before) end,
    before('help.arg.remove-before'), 'about.notification.remove-before'))
  :subcommand('mark-seen', command(
    function(params) return notifications.mark(params.ids, true) end,
    ids(), 'about.notification.mark-seen'))
  :subcommand('mark-seen-before', command(
    function(params) return notifications.mark_seen_before(params.before) end,
    before('help.arg.seen-before'), 'about.notification.mark-seen-before'))
  :subcommand('mark-unseen', command(
    function(params) return notifications.mark(params.ids, false) end,
    ids(), 'about.notification.mark-unseen'))
