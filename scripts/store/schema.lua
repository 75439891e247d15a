--- What the document of the store holds. From here come the checks of what is written, the models
--- of scripts (`store.model`), their LuaCATS classes and the TypeScript types.
---
--- `open` objects may hold more than what is named: extensions keep what is theirs in members of
--- their own below `public` and `private`. Members of type `t.secret` lie below `private` only; the
--- schema refuses to load otherwise (`store.check`).
local t = require('lib.rpc').types

local M = {}

--- What stays the same when a part is declared optional or nullable.
local function identity(schema)
  local options = schema.options
  return options.fields or options.variants or options.of
end

local names = {}

--- A part with a name, for the types made from the schema.
local function named(name, schema)
  names[identity(schema)] = name
  return schema
end

--- The name of a part; nil if it has none.
---@param schema lib.rpc.Schema
---@return string?
function M.name_of(schema)
  local key = identity(schema)
  return key and names[key]
end

local Measure = named('Measure', t.object{ fields = {
  done = t.number, total = t.optional(t.nullable(t.number)),
  units = t.optional(t.enum{ values = { 'bytes', 'steps' }, nullable = true }),
} })

--- false: running; true: complete. The progress of a phase may again be a whole one.
local Progress = named('Progress', t.nullable(t.union{ t.boolean, Measure, t.object{ fields = {
  overall = t.nullable(t.union{ t.boolean, Measure }),
  phases = t.array(t.object{ fields = { name = t.string, progress = t.any{ optional = true } } }),
} } }))

local Manifest = named('Manifest', t.object{ open = true, fields = {
  id = t.package_id, version = t.string,
} })

local InstallingInfo = named('InstallingInfo', t.object{ fields = {
  newManifest = Manifest, progress = Progress, packageProgress = t.any{ optional = true },
  keepData = t.optional(t.boolean),
} })

local Installing = t.object{ fields = { installingInfo = InstallingInfo } }

local PackageState = named('PackageState', t.tagged{ tag = 'state', variants = {
  installing = Installing, restoring = Installing,
  updating = t.object{ fields = {
    manifest = Manifest, s9pk = t.optional(t.string), installingInfo = InstallingInfo,
  } },
  installed = t.object{ fields = { manifest = Manifest } },
  removing = t.object{ fields = { manifest = Manifest, keepData = t.optional(t.boolean) } },
} })

local Desired = named('Desired', t.tagged{ tag = 'main', variants = {
  stopped = t.object{ fields = {} },
  running = t.object{ fields = {} },
  restarting = t.object{ fields = { restartAgain = t.optional(t.boolean) } },
  ['backing-up'] = t.object{ fields = { onComplete = t.enum{ 'start', 'stop' } } },
} })

local Health = named('Health', t.object{ fields = {
  name = t.string, message = t.optional(t.nullable(t.string)),
  result = t.enum{ 'success', 'loading', 'disabled', 'starting', 'waiting', 'failure' },
} })

local Status = named('Status', t.object{ fields = {
  desired = Desired, started = t.optional(t.datetime), health = t.map{ of = Health },
  error = t.optional(named('StatusError', t.object{ fields = {
    kind = t.string, message = t.string, details = t.any{ optional = true },
  } })),
} })

local Action = named('Action', t.object{ open = true, fields = { name = t.string } })

local PackageDataEntry = named('PackageDataEntry', t.object{ fields = {
  stateInfo = PackageState, statusInfo = Status, s9pk = t.string,
  developerKey = t.string,  -- PEM: who signed the package
  actions = t.map{ of = Action }, lastBackup = t.optional(t.datetime),
  backupProgress = t.any{ optional = true },
} })

local ServerInfo = named('ServerInfo', t.object{ open = true, fields = {
  version = t.optional(t.string), language = t.optional(t.string),
  unreadNotificationCount = t.optional(t.integer{ min = 0 }),
} })

local Settings = named('Settings', t.object{ open = true, fields = {
  allowedOrigins = t.optional(t.array(t.string)), hostnames = t.optional(t.array(t.string)),
  sessionIdle = t.optional(t.union{ t.string, t.number }),
} })

local Public = named('Public', t.object{ open = true, fields = {
  serverInfo = t.optional(ServerInfo),
  packageData = t.optional(t.map{ of = PackageDataEntry, keys = t.package_id }),
  settings = t.optional(Settings),
  ui = t.any{ optional = true },  -- what user interfaces keep, by db.put.ui
} })

local Container = named('Container', t.object{ fields = {
  archive = t.optional(t.string), volumesDir = t.optional(t.path),
  baseImage = t.optional(t.path), address = t.optional(t.string),
} })

local Notification = named('Notification', t.object{ fields = {
  createdAt = t.datetime, level = t.enum{ 'success', 'info', 'warning', 'error' },
  title = t.string, message = t.string, code = t.integer, seen = t.boolean,
  packageId = t.nullable(t.package_id), data = t.any,
} })

local StoredJob = named('StoredJob', t.object{ fields = {
  kind = t.string, target = t.optional(t.string), title = t.optional(t.string),
  created = t.datetime, ended = t.optional(t.datetime),
} })

local Private = named('Private', t.object{ open = true, fields = {
  password = t.optional(t.secret),
  sessions = t.optional(t.map{ of = named('Session', t.object{ fields = {
    loggedIn = t.datetime, lastActive = t.datetime, userAgent = t.optional(t.string),
    read = t.optional(t.array(t.pointer)),
  } }) }),
  authPubkeys = t.optional(t.map{ of = named('AuthPubkey', t.object{ fields = {
    key = t.string, name = t.string, admin = t.boolean, addedAt = t.datetime,
  } }) }),
  notifications = t.optional(named('Notifications', t.object{ fields = {
    next = t.integer{ min = 1 }, records = t.map{ of = Notification },
  } })),
  jobs = t.optional(t.map{ of = StoredJob }),  -- those that run, and the last that were cut short
  network = t.optional(named('Network', t.object{ fields = {
    bridge = t.string, subnet = t.string,
  } })),
  packages = t.optional(t.map{ keys = t.package_id, of = named('PackageRecord',
    t.object{ fields = { slot = t.optional(t.integer{ min = 1 }),
      container = t.optional(Container) } }) }),
} })

--- The document.
M.document = named('Document', t.object{ open = true, fields = {
  public = Public, private = Private,
} })

return M
