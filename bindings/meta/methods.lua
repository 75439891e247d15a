--- The methods of moonbox, for calls of a client. Made from the handler tree by `./dev docs`; do
--- not edit.
---@meta moonbox.methods

--- Accept the signatures of a public key
---@class moonbox.AuthKeyAddParams
---@field admin? boolean The key may do what the owner may
---@field key string Public key in PEM form; - reads standard input, @FILE a file
---@field name? string Whose key it is

--- Accept keys no longer
---@class moonbox.AuthKeyRemoveParams
---@field ids string[] Keys, as auth key list names them

--- Parameters of `auth.login`.
---@class moonbox.AuthLoginParams
---@field ephemeral? boolean
---@field password string
---@field read? string[]
---@field returnToken? boolean

--- Parameters of `auth.reset-password`.
---@class moonbox.AuthResetPasswordParams
---@field newPassword string
---@field oldPassword? string

--- End sessions, with their connections and streams
---@class moonbox.AuthSessionKillParams
---@field ids string[] Sessions, as auth session list names them

--- Parameters of `backup.create`.
---@class moonbox.BackupCreateParams
---@field packages? string[] Packages; none means all
---@field target string Directory that holds the backups

--- Say who is here and what is spoken
---@class moonbox.DaemonHelloParams
---@field client? string Name of the client
---@field protocol? { max: integer, min: integer } Lowest and highest protocol version the client speaks
---@field version? string Version of the client

--- Apply a JSON Patch, all of it or nothing
---@class moonbox.DbApplyParams
---@field allowModelMismatch? boolean Write it even if it does not fit the schema of the document
---@field expect? integer Revision the store must be at
---@field patch any JSON Patch (RFC 6902); - reads standard input, @FILE a file

--- Parameters of `db.backup`.
---@class moonbox.DbBackupParams
---@field file string File to be made
---@field force? boolean Replace a file that is there

--- Print the document below a pointer
---@class moonbox.DbDumpParams
---@field pointer? string JSON pointer (RFC 6901)

--- Print the value at a pointer
---@class moonbox.DbGetParams
---@field pointer string JSON pointer (RFC 6901)

--- Show what changed, newest first
---@class moonbox.DbHistoryParams
---@field before? integer Only revisions before this one
---@field limit? integer How many at most
---@field patch? boolean Also show what each one changed
---@field pointer? string Only revisions that changed something at, above or below this JSON pointer
---@field since? integer Only revisions after this one

--- Write a value at a pointer
---@class moonbox.DbPutParams
---@field allowModelMismatch? boolean Write it even if it does not fit the schema of the document
---@field pointer string JSON pointer (RFC 6901)
---@field value any Value as JSON; - reads standard input, @FILE a file

--- Parameters of `db.put.ui`.
---@class moonbox.DbPutUiParams
---@field pointer string JSON pointer (RFC 6901)
---@field value any Value as JSON; - reads standard input, @FILE a file

--- Parameters of `db.revert`.
---@class moonbox.DbRevertParams
---@field first integer
---@field last? integer

--- Parameters of `db.subscribe`.
---@class moonbox.DbSubscribeParams
---@field pointer? string
---@field since? integer
---@field store? string

--- Answer with the given message
---@class moonbox.EchoParams
---@field message string Text to send back

--- List the last events
---@class moonbox.EventListParams
---@field channel? 'events'|'logs' events, or logs for log lines
---@field includeDescendants? boolean false: only the path and what is directly below it
---@field job? string[] Only events of this operation
---@field level? 'trace'|'debug'|'info'|'warn'|'error' Only this level and above
---@field limit? integer How many events
---@field package? string[] Only what is about this package
---@field pathLenient? boolean Show events without paths, too
---@field pathScope? string Only what is about this path and those below it
---@field resourceId? string[] Only what is about the thing with this id
---@field resourceType? string[] Only what is about things of this type
---@field sinceSeq? integer Only what came after the event with this number
---@field target? string[] Only this part and those below it, such as service
---@field type? string[] Only this type; a * at the end stands for anything

--- Parameters of `event.subscribe`.
---@class moonbox.EventSubscribeParams
---@field buffer? integer
---@field channel? 'events'|'logs' events, or logs for log lines
---@field includeDescendants? boolean false: only the path and what is directly below it
---@field job? string[] Only events of this operation
---@field level? 'trace'|'debug'|'info'|'warn'|'error' Only this level and above
---@field maxRate? integer
---@field package? string[] Only what is about this package
---@field pathLenient? boolean Show events without paths, too
---@field pathScope? string Only what is about this path and those below it
---@field policy? 'drop_oldest'|'coalesce'|'disconnect'
---@field replayLast? integer
---@field resourceId? string[] Only what is about the thing with this id
---@field resourceType? string[] Only what is about things of this type
---@field sinceSeq? integer
---@field snapshot? boolean
---@field store? string
---@field target? string[] Only this part and those below it, such as service
---@field type? string[] Only this type; a * at the end stands for anything

--- Parameters of `event.unsubscribe`.
---@class moonbox.EventUnsubscribeParams
---@field sub integer

--- Ask an operation to stop
---@class moonbox.JobCancelParams
---@field id string Id of the operation

--- Show one operation
---@class moonbox.JobGetParams
---@field id string Id of the operation

--- Parameters of `job.wait`.
---@class moonbox.JobWaitParams
---@field id string Id of the operation
---@field progress? boolean Send progress events while waiting
---@field timeout? number|string How long to wait, such as 30s or 5m

--- Make a notification
---@class moonbox.NotificationCreateParams
---@field level 'success'|'info'|'warning'|'error' How serious it is
---@field message string What happened
---@field package? string Package
---@field title string One line that says it in short

--- List notifications, newest first
---@class moonbox.NotificationListParams
---@field before? integer Only notifications before this number
---@field limit? integer How many notifications

--- Mark notifications as seen
---@class moonbox.NotificationMarkSeenParams
---@field ids integer[] Numbers of notifications

--- Mark notifications up to one as seen
---@class moonbox.NotificationMarkSeenBeforeParams
---@field before integer Number of the last notification to mark

--- Mark notifications as not seen
---@class moonbox.NotificationMarkUnseenParams
---@field ids integer[] Numbers of notifications

--- Remove notifications
---@class moonbox.NotificationRemoveParams
---@field ids integer[] Numbers of notifications

--- Remove notifications before one
---@class moonbox.NotificationRemoveBeforeParams
---@field before integer Number of the first notification that stays

--- Get the input form of an action
---@class moonbox.PackageActionGetInputParams
---@field actionId string Action
---@field packageId string Package
---@field prefill? any Partial values as JSON; - reads standard input, @FILE a file

--- List the actions of a package
---@class moonbox.PackageActionListParams
---@field id string Package

--- Run an action, with input if it takes any
---@class moonbox.PackageActionRunParams
---@field actionId string Action
---@field eventId? string
---@field input? any Input as JSON; - reads standard input, @FILE a file
---@field packageId string Package

--- Parameters of `package.backup.restore`.
---@class moonbox.PackageBackupRestoreParams
---@field id string Package
---@field target string Directory that holds the backups

--- Parameters of `package.complete`.
---@class moonbox.PackageCompleteParams
---@field id string Package
---@field line string
---@field session string Name of the variables to keep between inputs

--- Run a script in the live runtime of a package
---@class moonbox.PackageEvalParams
---@field id string Package
---@field script string Lua to run; - reads standard input, @FILE a file
---@field session? string Name of the variables to keep between inputs
---@field timeout? number|string How long to wait, such as 30s or 5m

--- Show everything about one package
---@class moonbox.PackageInfoParams
---@field id string Package

--- Parameters of `package.install`.
---@class moonbox.PackageInstallParams
---@field id string Package

--- Parameters of `package.logs`.
---@class moonbox.PackageLogsParams
---@field follow? boolean
---@field id string
---@field limit? integer

--- Parameters of `package.rebuild`.
---@class moonbox.PackageRebuildParams
---@field id string Package

--- Parameters of `package.restart`.
---@class moonbox.PackageRestartParams
---@field id string Package
---@field wait? boolean Wait until the service is what was asked for

--- Parameters of `package.sideload`.
---@class moonbox.PackageSideloadParams
---@field path string

--- Parameters of `package.start`.
---@class moonbox.PackageStartParams
---@field id string Package
---@field wait? boolean Wait until the service is what was asked for

--- Parameters of `package.stop`.
---@class moonbox.PackageStopParams
---@field id string Package
---@field wait? boolean Wait until the service is what was asked for

--- Parameters of `package.uninstall`.
---@class moonbox.PackageUninstallParams
---@field force? boolean Do it although something stands against it
---@field id string Package
---@field soft? boolean Keep the data

--- Parameters of `script.complete`.
---@class moonbox.ScriptCompleteParams
---@field line string
---@field session? string Name of the variables to keep between inputs
---@field vm? string Which VM: control, or worker:N

--- Run Lua in a live VM of the daemon
---@class moonbox.ScriptEvalParams
---@field code string Lua to run; - reads standard input, @FILE a file
---@field session? string Name of the variables to keep between inputs
---@field timeout? number|string How long to wait, such as 30s or 5m
---@field vm? string Which VM: control, or worker:N

--- Parameters of `script.follow`.
---@class moonbox.ScriptFollowParams
---@field count? integer How many calls to follow
---@field method string Method, such as echo
---@field timeout? number|string How long to wait, such as 30s or 5m

--- Parameters of `script.sample`.
---@class moonbox.ScriptSampleParams
---@field hertz? integer Samples per second of processor time
---@field seconds? number|string How long to look

--- Show the log of the daemon page by page
---@class moonbox.ServerLogsParams
---@field before? boolean With --cursor: what was before it
---@field boot? string One boot of the machine: 0 this one, -1 the one before, or its id
---@field cursor? string Begin at this place of an earlier answer
---@field level? 'trace'|'debug'|'info'|'warn'|'error' Only this level and above
---@field limit? integer How many lines
---@field package? string[] Only what is about this package
---@field since? number|string Only lines of this last while, such as 10m
---@field target? string[] Only this part and those below it, such as service

--- Parameters of `server.logs.follow`.
---@class moonbox.ServerLogsFollowParams
---@field level? 'trace'|'debug'|'info'|'warn'|'error'
---@field limit? integer
---@field package? string[]
---@field target? string[]

--- Parameters of `server.metrics.follow`.
---@class moonbox.ServerMetricsFollowParams
---@field interval? number

--- Set the language of messages for callers that name none
---@class moonbox.ServerSetLanguageParams
---@field language 'en_US'|'de_DE'|'es_ES'|'fr_FR'|'pl_PL' Locale, such as de_DE

---@class engine.client.Connection
---@field call fun(self, method: 'auth.key.add', params: moonbox.AuthKeyAddParams, opts?: engine.client.CallOptions): ({ id: string })?, engine.Error?
---@field call fun(self, method: 'auth.key.list', params?: table, opts?: engine.client.CallOptions): ({ addedAt: string, admin: boolean, id: string, key: string, name: string }[])?, engine.Error?
---@field call fun(self, method: 'auth.key.remove', params: moonbox.AuthKeyRemoveParams, opts?: engine.client.CallOptions): (nil)?, engine.Error?
---@field call fun(self, method: 'auth.login', params: moonbox.AuthLoginParams, opts?: engine.client.CallOptions): ({ session?: string })?, engine.Error?
---@field call fun(self, method: 'auth.logout', params?: table, opts?: engine.client.CallOptions): (nil)?, engine.Error?
---@field call fun(self, method: 'auth.reset-password', params: moonbox.AuthResetPasswordParams, opts?: engine.client.CallOptions): (nil)?, engine.Error?
---@field call fun(self, method: 'auth.session.kill', params: moonbox.AuthSessionKillParams, opts?: engine.client.CallOptions): (nil)?, engine.Error?
---@field call fun(self, method: 'auth.session.list', params?: table, opts?: engine.client.CallOptions): ({ current?: string, sessions: table<string, { ephemeral?: boolean, lastActive: string, loggedIn: string, read?: string[], userAgent?: string }> })?, engine.Error?
---@field call fun(self, method: 'backup.create', params: moonbox.BackupCreateParams, opts?: engine.client.CallOptions): ({ jobId: string })?, engine.Error?
---@field call fun(self, method: 'daemon.hello', params?: moonbox.DaemonHelloParams, opts?: engine.client.CallOptions): ({ features?: string[], instance?: string, instanceId: string, limits?: table<string, number>, name?: string, protocol: integer, registryHash?: string, version?: string })?, engine.Error?
---@field call fun(self, method: 'daemon.ping', params?: table, opts?: engine.client.CallOptions): ({ instanceId: string, pong: boolean })?, engine.Error?
---@field call fun(self, method: 'daemon.shutdown', params?: table, opts?: engine.client.CallOptions): (nil)?, engine.Error?
---@field call fun(self, method: 'daemon.status', params?: table, opts?: engine.client.CallOptions): ({ channels: table<string, { bytes: integer, events: integer, lastSeq: integer, subscriptions: integer }>, instance: string, jobs: { ended: integer, running: integer }, packages: table<string, string>, pid: integer, revision: integer, state: string, uptime: number, version: string, workers: integer })?, engine.Error?
---@field call fun(self, method: 'db.apply', params: moonbox.DbApplyParams, opts?: engine.client.CallOptions): ({ changed: boolean, revision: integer })?, engine.Error?
---@field call fun(self, method: 'db.backup', params: moonbox.DbBackupParams, opts?: engine.client.CallOptions): ({ documentBytes: integer, entries: integer, fileBytes: integer, findings: { what: string, where: string }[], head: integer, inJournal: integer, oldest: integer, revisions: integer })?, engine.Error?
---@field call fun(self, method: 'db.check', params?: table, opts?: engine.client.CallOptions): ({ documentBytes: integer, entries: integer, fileBytes: integer, findings: { what: string, where: string }[], head: integer, inJournal: integer, oldest: integer, revisions: integer })?, engine.Error?
---@field call fun(self, method: 'db.dump', params?: moonbox.DbDumpParams, opts?: engine.client.CallOptions): (any)?, engine.Error?
---@field call fun(self, method: 'db.get', params: moonbox.DbGetParams, opts?: engine.client.CallOptions): (any)?, engine.Error?
---@field call fun(self, method: 'db.history', params?: moonbox.DbHistoryParams, opts?: engine.client.CallOptions): ({ revisions: ({ bytes?: integer, class: 'durable'|'soon', id: integer, method?: string, patch?: any, reverts?: { first: integer, last: integer }, time: string, who?: string })[] })?, engine.Error?
---@field call fun(self, method: 'db.migrations', params?: table, opts?: engine.client.CallOptions): ({ migrations: ({ name: string, state: 'applied'|'not needed'|'pending', time?: string })[], version: integer })?, engine.Error?
---@field call fun(self, method: 'db.put', params: moonbox.DbPutParams, opts?: engine.client.CallOptions): ({ changed: boolean, revision: integer })?, engine.Error?
---@field call fun(self, method: 'db.put.ui', params: moonbox.DbPutUiParams, opts?: engine.client.CallOptions): (nil)?, engine.Error?
---@field call fun(self, method: 'db.revert', params: moonbox.DbRevertParams, opts?: engine.client.CallOptions): ({ changed: boolean, revision: integer })?, engine.Error?
---@field call fun(self, method: 'db.stats', params?: table, opts?: engine.client.CallOptions): ({ bytes: integer, changes?: integer, conflicts?: integer, depth: integer, entries: integer, flushTime?: number, flushedAt?: string, format: integer, freePages: integer, head: integer, id: string, largestBatch?: integer, logBytes: integer, mapBytes: integer, oldest: integer, pageBytes: integer, pages: integer, pending?: integer, queued?: integer, readers: integer, revisions: integer, schemaVersion?: integer, transactions?: integer })?, engine.Error?
---@field call fun(self, method: 'db.subscribe', params?: moonbox.DbSubscribeParams, opts?: engine.client.CallOptions): ({ dump?: any, guid: string, revisions?: any, store: string })?, engine.Error?
---@field call fun(self, method: 'echo', params: moonbox.EchoParams, opts?: engine.client.CallOptions): (string)?, engine.Error?
---@field call fun(self, method: 'event.list', params?: moonbox.EventListParams, opts?: engine.client.CallOptions): ({ events: ({ data: any, level: 'trace'|'debug'|'info'|'warn'|'error', seq: integer, ts: string, type: string })[], gap: boolean, next: integer })?, engine.Error?
---@field call fun(self, method: 'event.subscribe', params?: moonbox.EventSubscribeParams, opts?: engine.client.CallOptions): ({ gap: boolean, next: integer, replayed: integer, snapshot?: ({ data: any, level: 'trace'|'debug'|'info'|'warn'|'error', type: string })[], store: string, sub: integer })?, engine.Error?
---@field call fun(self, method: 'event.unsubscribe', params: moonbox.EventUnsubscribeParams, opts?: engine.client.CallOptions): (boolean)?, engine.Error?
---@field call fun(self, method: 'git-info', params?: table, opts?: engine.client.CallOptions): (string)?, engine.Error?
---@field call fun(self, method: 'job.cancel', params: moonbox.JobCancelParams, opts?: engine.client.CallOptions): (nil)?, engine.Error?
---@field call fun(self, method: 'job.get', params: moonbox.JobGetParams, opts?: engine.client.CallOptions): ({ cancelling: boolean, created: string, ended?: string, error: { hint?: string, info?: any, kind: string, message: string }|nil, id: string, kind: string, progress: any, result: any, state: 'running'|'succeeded'|'failed'|'cancelled', target?: string, title?: string })?, engine.Error?
---@field call fun(self, method: 'job.list', params?: table, opts?: engine.client.CallOptions): (({ cancelling: boolean, created: string, ended?: string, error: { hint?: string, info?: any, kind: string, message: string }|nil, id: string, kind: string, progress: any, result: any, state: 'running'|'succeeded'|'failed'|'cancelled', target?: string, title?: string })[])?, engine.Error?
---@field call fun(self, method: 'job.wait', params: moonbox.JobWaitParams, opts?: engine.client.CallOptions): ({ cancelling: boolean, created: string, ended?: string, error: { hint?: string, info?: any, kind: string, message: string }|nil, id: string, kind: string, progress: any, result: any, state: 'running'|'succeeded'|'failed'|'cancelled', target?: string, title?: string })?, engine.Error?
---@field call fun(self, method: 'notification.create', params: moonbox.NotificationCreateParams, opts?: engine.client.CallOptions): (integer)?, engine.Error?
---@field call fun(self, method: 'notification.list', params?: moonbox.NotificationListParams, opts?: engine.client.CallOptions): (({ code: integer, createdAt: string, data: any, id: integer, level: 'success'|'info'|'warning'|'error', message: string, packageId: string|nil, seen: boolean, title: string })[])?, engine.Error?
---@field call fun(self, method: 'notification.mark-seen', params: moonbox.NotificationMarkSeenParams, opts?: engine.client.CallOptions): (nil)?, engine.Error?
---@field call fun(self, method: 'notification.mark-seen-before', params: moonbox.NotificationMarkSeenBeforeParams, opts?: engine.client.CallOptions): (nil)?, engine.Error?
---@field call fun(self, method: 'notification.mark-unseen', params: moonbox.NotificationMarkUnseenParams, opts?: engine.client.CallOptions): (nil)?, engine.Error?
---@field call fun(self, method: 'notification.remove', params: moonbox.NotificationRemoveParams, opts?: engine.client.CallOptions): (nil)?, engine.Error?
---@field call fun(self, method: 'notification.remove-before', params: moonbox.NotificationRemoveBeforeParams, opts?: engine.client.CallOptions): (nil)?, engine.Error?
---@field call fun(self, method: 'package.action.get-input', params: moonbox.PackageActionGetInputParams, opts?: engine.client.CallOptions): (any)?, engine.Error?
---@field call fun(self, method: 'package.action.list', params: moonbox.PackageActionListParams, opts?: engine.client.CallOptions): (({ allowedStatuses?: 'only-running'|'only-stopped'|'any', description?: string|nil, hasInput?: boolean, id: string, name: string, visibility?: any })[])?, engine.Error?
---@field call fun(self, method: 'package.action.run', params: moonbox.PackageActionRunParams, opts?: engine.client.CallOptions): (any)?, engine.Error?
---@field call fun(self, method: 'package.backup.restore', params: moonbox.PackageBackupRestoreParams, opts?: engine.client.CallOptions): ({ jobId: string })?, engine.Error?
---@field call fun(self, method: 'package.complete', params: moonbox.PackageCompleteParams, opts?: engine.client.CallOptions): (string[])?, engine.Error?
---@field call fun(self, method: 'package.eval', params: moonbox.PackageEvalParams, opts?: engine.client.CallOptions): ({ output?: string[], result?: any, values?: string[] })?, engine.Error?
---@field call fun(self, method: 'package.info', params: moonbox.PackageInfoParams, opts?: engine.client.CallOptions): ({ address?: string|nil, health?: string|nil, id: string, status: string, title?: any, version?: string|nil })?, engine.Error?
---@field call fun(self, method: 'package.install', params: moonbox.PackageInstallParams, opts?: engine.client.CallOptions): ({ jobId: string })?, engine.Error?
---@field call fun(self, method: 'package.list', params?: table, opts?: engine.client.CallOptions): (({ address?: string|nil, health?: string|nil, id: string, status: string, title?: any, version?: string|nil })[])?, engine.Error?
---@field call fun(self, method: 'package.logs', params: moonbox.PackageLogsParams, opts?: engine.client.CallOptions): ({ entries: any[] })?, engine.Error?
---@field call fun(self, method: 'package.rebuild', params: moonbox.PackageRebuildParams, opts?: engine.client.CallOptions): ({ jobId: string })?, engine.Error?
---@field call fun(self, method: 'package.restart', params: moonbox.PackageRestartParams, opts?: engine.client.CallOptions): (nil)?, engine.Error?
---@field call fun(self, method: 'package.sideload', params: moonbox.PackageSideloadParams, opts?: engine.client.CallOptions): ({ jobId: string })?, engine.Error?
---@field call fun(self, method: 'package.start', params: moonbox.PackageStartParams, opts?: engine.client.CallOptions): (nil)?, engine.Error?
---@field call fun(self, method: 'package.stop', params: moonbox.PackageStopParams, opts?: engine.client.CallOptions): (nil)?, engine.Error?
---@field call fun(self, method: 'package.uninstall', params: moonbox.PackageUninstallParams, opts?: engine.client.CallOptions): ({ jobId: string })?, engine.Error?
---@field call fun(self, method: 'rpc.discover', params?: table, opts?: engine.client.CallOptions): ({ openrpc: string })?, engine.Error?
---@field call fun(self, method: 'script.complete', params: moonbox.ScriptCompleteParams, opts?: engine.client.CallOptions): (string[])?, engine.Error?
---@field call fun(self, method: 'script.eval', params: moonbox.ScriptEvalParams, opts?: engine.client.CallOptions): ({ generation: integer, output: string[], values: string[] })?, engine.Error?
---@field call fun(self, method: 'script.failures', params?: table, opts?: engine.client.CallOptions): (table<string, any>[])?, engine.Error?
---@field call fun(self, method: 'script.files', params?: table, opts?: engine.client.CallOptions): (table<string, any>[])?, engine.Error?
---@field call fun(self, method: 'script.follow', params: moonbox.ScriptFollowParams, opts?: engine.client.CallOptions): (table<string, any>)?, engine.Error?
---@field call fun(self, method: 'script.methods', params?: table, opts?: engine.client.CallOptions): (any)?, engine.Error?
---@field call fun(self, method: 'script.reload', params?: table, opts?: engine.client.CallOptions): (table<string, any>)?, engine.Error?
---@field call fun(self, method: 'script.rollback', params?: table, opts?: engine.client.CallOptions): (table<string, any>)?, engine.Error?
---@field call fun(self, method: 'script.sample', params?: moonbox.ScriptSampleParams, opts?: engine.client.CallOptions): (table<string, any>)?, engine.Error?
---@field call fun(self, method: 'script.status', params?: table, opts?: engine.client.CallOptions): (table<string, any>)?, engine.Error?
---@field call fun(self, method: 'server.device-info', params?: table, opts?: engine.client.CallOptions): ({ hardware: { arch: string, devices: ({ capabilities: string[], class: 'processor'|'display', driver?: string|nil, product: string|nil, vendor: string|nil })[], ram: integer }, kernel: string, name: string, os: { compat: string, language: string, platform: string, version: string }, processors: integer, system: string })?, engine.Error?
---@field call fun(self, method: 'server.info', params?: table, opts?: engine.client.CallOptions): ({ name: string, version: string })?, engine.Error?
---@field call fun(self, method: 'server.logs', params?: moonbox.ServerLogsParams, opts?: engine.client.CallOptions): ({ endCursor: string, entries: ({ bootId?: string, cursor: string, fields?: table<string, any>, level: 'trace'|'debug'|'info'|'warn'|'error', message: string, target: string, timestamp?: string })[], startCursor?: string })?, engine.Error?
---@field call fun(self, method: 'server.logs.follow', params?: moonbox.ServerLogsFollowParams, opts?: engine.client.CallOptions): ({ guid: string })?, engine.Error?
---@field call fun(self, method: 'server.metrics', params?: table, opts?: engine.client.CallOptions): ({ cpu: { idle: { unit: string, value: number }, kernelSpace: { unit: string, value: number }, percentageUsed: { unit: string, value: number }, userSpace: { unit: string, value: number }, wait: { unit: string, value: number } }, disk: { available: { unit: string, value: number }, capacity: { unit: string, value: number }, percentageUsed: { unit: string, value: number }, used: { unit: string, value: number } }, general: { temperature: { unit: string, value: number }|nil }, memory: { available: { unit: string, value: number }, percentageUsed: { unit: string, value: number }, swapFree: { unit: string, value: number }, swapTotal: { unit: string, value: number }, total: { unit: string, value: number }, used: { unit: string, value: number } } })?, engine.Error?
---@field call fun(self, method: 'server.metrics.follow', params?: moonbox.ServerMetricsFollowParams, opts?: engine.client.CallOptions): ({ guid: string, metrics: { cpu: { idle: { unit: string, value: number }, kernelSpace: { unit: string, value: number }, percentageUsed: { unit: string, value: number }, userSpace: { unit: string, value: number }, wait: { unit: string, value: number } }, disk: { available: { unit: string, value: number }, capacity: { unit: string, value: number }, percentageUsed: { unit: string, value: number }, used: { unit: string, value: number } }, general: { temperature: { unit: string, value: number }|nil }, memory: { available: { unit: string, value: number }, percentageUsed: { unit: string, value: number }, swapFree: { unit: string, value: number }, swapTotal: { unit: string, value: number }, total: { unit: string, value: number }, used: { unit: string, value: number } } } })?, engine.Error?
---@field call fun(self, method: 'server.prometheus', params?: table, opts?: engine.client.CallOptions): (string)?, engine.Error?
---@field call fun(self, method: 'server.restart', params?: table, opts?: engine.client.CallOptions): ({ instanceId: string })?, engine.Error?
---@field call fun(self, method: 'server.set-language', params: moonbox.ServerSetLanguageParams, opts?: engine.client.CallOptions): (nil)?, engine.Error?
---@field call fun(self, method: 'server.shutdown', params?: table, opts?: engine.client.CallOptions): (nil)?, engine.Error?
---@field call fun(self, method: 'server.time', params?: table, opts?: engine.client.CallOptions): ({ now: string, uptime: number })?, engine.Error?
---@field call fun(self, method: 'server.version', params?: table, opts?: engine.client.CallOptions): ({ gitInfo: string, name: string, version: string })?, engine.Error?
---@field call fun(self, method: 'state', params?: table, opts?: engine.client.CallOptions): ('running'|'initializing'|'error')?, engine.Error?
