--- The document of the store: what values hold (`store.NAME`), and the models that lead to them
--- (`store.model.NAME`). Made from scripts/store/schema.lua by `./dev docs`; do not edit.
---@meta moonbox.document

--- What every model can do; `de` and the like of each say of what type.
---@class store.model.Node
---@field exists fun(self): boolean Whether there is a value, null included
---@field pointer fun(self): string

---@class store.AuthPubkey
---@field addedAt string
---@field admin boolean
---@field key string
---@field name string

---@class store.StoredJob
---@field created string
---@field ended? string
---@field kind string
---@field target? string
---@field title? string

---@class store.Network
---@field bridge string
---@field subnet string

---@class store.Notification
---@field code integer
---@field createdAt string
---@field data any
---@field level 'success'|'info'|'warning'|'error'
---@field message string
---@field packageId string|lightuserdata
---@field seen boolean
---@field title string

---@class store.Notifications
---@field next integer
---@field records table<string, store.Notification>

---@class store.Container
---@field address? string
---@field archive? string
---@field baseImage? string
---@field volumesDir? string

---@class store.PackageRecord
---@field container? store.Container
---@field slot? integer

---@class store.Session
---@field lastActive string
---@field loggedIn string
---@field read? string[]
---@field userAgent? string

---@class store.Private
---@field authPubkeys? table<string, store.AuthPubkey>
---@field jobs? table<string, store.StoredJob>
---@field network? store.Network
---@field notifications? store.Notifications
---@field packages? table<string, store.PackageRecord>
---@field password? string
---@field sessions? table<string, store.Session>
---@field [string] any

---@class store.Action
---@field name string
---@field [string] any

---@class store.Manifest
---@field id string
---@field version string
---@field [string] any

---@class store.Measure
---@field done number
---@field total? number|lightuserdata
---@field units? 'bytes'|'steps'|lightuserdata

---@alias store.Progress boolean|store.Measure|{ overall: boolean|store.Measure|lightuserdata, phases: { name: string, progress?: any }[] }

---@class store.InstallingInfo
---@field keepData? boolean
---@field newManifest store.Manifest
---@field packageProgress? any
---@field progress store.Progress|lightuserdata

---@alias store.PackageState { state: 'installed', manifest: store.Manifest }|{ state: 'installing', installingInfo: store.InstallingInfo }|{ state: 'removing', keepData?: boolean, manifest: store.Manifest }|{ state: 'restoring', installingInfo: store.InstallingInfo }|{ state: 'updating', installingInfo: store.InstallingInfo, manifest: store.Manifest, s9pk?: string }

---@alias store.Desired { main: 'backing-up', onComplete: 'start'|'stop' }|{ main: 'restarting', restartAgain?: boolean }|{ main: 'running' }|{ main: 'stopped' }

---@class store.StatusError
---@field details? any
---@field kind string
---@field message string

---@class store.Health
---@field message? string|lightuserdata
---@field name string
---@field result 'success'|'loading'|'disabled'|'starting'|'waiting'|'failure'

---@class store.Status
---@field desired store.Desired
---@field error? store.StatusError
---@field health table<string, store.Health>
---@field started? string

---@class store.PackageDataEntry
---@field actions table<string, store.Action>
---@field backupProgress? any
---@field developerKey string
---@field lastBackup? string
---@field s9pk string
---@field stateInfo store.PackageState
---@field statusInfo store.Status

---@class store.ServerInfo
---@field language? string
---@field unreadNotificationCount? integer
---@field version? string
---@field [string] any

---@class store.Settings
---@field allowedOrigins? string[]
---@field hostnames? string[]
---@field sessionIdle? string|number
---@field [string] any

---@class store.Public
---@field packageData? table<string, store.PackageDataEntry>
---@field serverInfo? store.ServerInfo
---@field settings? store.Settings
---@field ui? any
---@field [string] any

---@class store.Document
---@field private store.Private
---@field public store.Public
---@field [string] any

---@class store.model.String: store.model.Node
---@field de fun(self): string
---@field ser fun(self, value: string)
---@field replace fun(self, value: string): string
---@field mutate fun(self, change: fun(value: string): any, engine.Error?): string, engine.Error?
---@field transpose fun(self): store.model.String?

---@class store.model.Boolean: store.model.Node
---@field de fun(self): boolean
---@field ser fun(self, value: boolean)
---@field replace fun(self, value: boolean): boolean
---@field mutate fun(self, change: fun(value: boolean): any, engine.Error?): boolean, engine.Error?
---@field transpose fun(self): store.model.Boolean?

---@class store.model.AuthPubkey: store.model.Node
---@field de fun(self): store.AuthPubkey
---@field ser fun(self, value: store.AuthPubkey)
---@field replace fun(self, value: store.AuthPubkey): store.AuthPubkey
---@field mutate fun(self, change: fun(value: store.AuthPubkey): any, engine.Error?): store.AuthPubkey, engine.Error?
---@field transpose fun(self): store.model.AuthPubkey?
---@field addedAt store.model.String
---@field admin store.model.Boolean
---@field key store.model.String
---@field name store.model.String

---@class store.model.MapOfAuthPubkey: store.model.Node
---@field de fun(self): table<string, store.AuthPubkey>
---@field ser fun(self, value: table<string, store.AuthPubkey>)
---@field replace fun(self, value: table<string, store.AuthPubkey>): table<string, store.AuthPubkey>
---@field mutate fun(self, change: fun(value: table<string, store.AuthPubkey>): any, engine.Error?): table<string, store.AuthPubkey>, engine.Error?
---@field transpose fun(self): store.model.MapOfAuthPubkey?
---@field keys fun(self): string[]
---@field contains_key fun(self, key: string|integer): boolean
---@field as_idx fun(self, key: string|integer): store.model.AuthPubkey?
---@field insert fun(self, key: string|integer, value: store.AuthPubkey): (store.AuthPubkey)?
---@field upsert fun(self, key: string|integer, make: fun(): store.AuthPubkey): store.model.AuthPubkey
---@field remove fun(self, key: string|integer): (store.AuthPubkey)?
---@field entries fun(self): fun(): string, store.model.AuthPubkey

---@class store.model.StoredJob: store.model.Node
---@field de fun(self): store.StoredJob
---@field ser fun(self, value: store.StoredJob)
---@field replace fun(self, value: store.StoredJob): store.StoredJob
---@field mutate fun(self, change: fun(value: store.StoredJob): any, engine.Error?): store.StoredJob, engine.Error?
---@field transpose fun(self): store.model.StoredJob?
---@field created store.model.String
---@field ended store.model.String
---@field kind store.model.String
---@field target store.model.String
---@field title store.model.String

---@class store.model.MapOfStoredJob: store.model.Node
---@field de fun(self): table<string, store.StoredJob>
---@field ser fun(self, value: table<string, store.StoredJob>)
---@field replace fun(self, value: table<string, store.StoredJob>): table<string, store.StoredJob>
---@field mutate fun(self, change: fun(value: table<string, store.StoredJob>): any, engine.Error?): table<string, store.StoredJob>, engine.Error?
---@field transpose fun(self): store.model.MapOfStoredJob?
---@field keys fun(self): string[]
---@field contains_key fun(self, key: string|integer): boolean
---@field as_idx fun(self, key: string|integer): store.model.StoredJob?
---@field insert fun(self, key: string|integer, value: store.StoredJob): (store.StoredJob)?
---@field upsert fun(self, key: string|integer, make: fun(): store.StoredJob): store.model.StoredJob
---@field remove fun(self, key: string|integer): (store.StoredJob)?
---@field entries fun(self): fun(): string, store.model.StoredJob

---@class store.model.Network: store.model.Node
---@field de fun(self): store.Network
---@field ser fun(self, value: store.Network)
---@field replace fun(self, value: store.Network): store.Network
---@field mutate fun(self, change: fun(value: store.Network): any, engine.Error?): store.Network, engine.Error?
---@field transpose fun(self): store.model.Network?
---@field bridge store.model.String
---@field subnet store.model.String

---@class store.model.Integer: store.model.Node
---@field de fun(self): integer
---@field ser fun(self, value: integer)
---@field replace fun(self, value: integer): integer
---@field mutate fun(self, change: fun(value: integer): any, engine.Error?): integer, engine.Error?
---@field transpose fun(self): store.model.Integer?

---@class store.model.Any: store.model.Node
---@field de fun(self): any
---@field ser fun(self, value: any)
---@field replace fun(self, value: any): any
---@field mutate fun(self, change: fun(value: any): any, engine.Error?): any, engine.Error?
---@field transpose fun(self): store.model.Any?

---@class store.model.Enum: store.model.Node
---@field de fun(self): string
---@field ser fun(self, value: string)
---@field replace fun(self, value: string): string
---@field mutate fun(self, change: fun(value: string): any, engine.Error?): string, engine.Error?
---@field transpose fun(self): store.model.Enum?

---@class store.model.Notification: store.model.Node
---@field de fun(self): store.Notification
---@field ser fun(self, value: store.Notification)
---@field replace fun(self, value: store.Notification): store.Notification
---@field mutate fun(self, change: fun(value: store.Notification): any, engine.Error?): store.Notification, engine.Error?
---@field transpose fun(self): store.model.Notification?
---@field code store.model.Integer
---@field createdAt store.model.String
---@field data store.model.Any
---@field level store.model.Enum
---@field message store.model.String
---@field packageId store.model.String
---@field seen store.model.Boolean
---@field title store.model.String

---@class store.model.MapOfNotification: store.model.Node
---@field de fun(self): table<string, store.Notification>
---@field ser fun(self, value: table<string, store.Notification>)
---@field replace fun(self, value: table<string, store.Notification>): table<string, store.Notification>
---@field mutate fun(self, change: fun(value: table<string, store.Notification>): any, engine.Error?): table<string, store.Notification>, engine.Error?
---@field transpose fun(self): store.model.MapOfNotification?
---@field keys fun(self): string[]
---@field contains_key fun(self, key: string|integer): boolean
---@field as_idx fun(self, key: string|integer): store.model.Notification?
---@field insert fun(self, key: string|integer, value: store.Notification): (store.Notification)?
---@field upsert fun(self, key: string|integer, make: fun(): store.Notification): store.model.Notification
---@field remove fun(self, key: string|integer): (store.Notification)?
---@field entries fun(self): fun(): string, store.model.Notification

---@class store.model.Notifications: store.model.Node
---@field de fun(self): store.Notifications
---@field ser fun(self, value: store.Notifications)
---@field replace fun(self, value: store.Notifications): store.Notifications
---@field mutate fun(self, change: fun(value: store.Notifications): any, engine.Error?): store.Notifications, engine.Error?
---@field transpose fun(self): store.model.Notifications?
---@field next store.model.Integer
---@field records store.model.MapOfNotification

---@class store.model.Container: store.model.Node
---@field de fun(self): store.Container
---@field ser fun(self, value: store.Container)
---@field replace fun(self, value: store.Container): store.Container
---@field mutate fun(self, change: fun(value: store.Container): any, engine.Error?): store.Container, engine.Error?
---@field transpose fun(self): store.model.Container?
---@field address store.model.String
---@field archive store.model.String
---@field baseImage store.model.String
---@field volumesDir store.model.String

---@class store.model.PackageRecord: store.model.Node
---@field de fun(self): store.PackageRecord
---@field ser fun(self, value: store.PackageRecord)
---@field replace fun(self, value: store.PackageRecord): store.PackageRecord
---@field mutate fun(self, change: fun(value: store.PackageRecord): any, engine.Error?): store.PackageRecord, engine.Error?
---@field transpose fun(self): store.model.PackageRecord?
---@field container store.model.Container
---@field slot store.model.Integer

---@class store.model.MapOfPackageRecord: store.model.Node
---@field de fun(self): table<string, store.PackageRecord>
---@field ser fun(self, value: table<string, store.PackageRecord>)
---@field replace fun(self, value: table<string, store.PackageRecord>): table<string, store.PackageRecord>
---@field mutate fun(self, change: fun(value: table<string, store.PackageRecord>): any, engine.Error?): table<string, store.PackageRecord>, engine.Error?
---@field transpose fun(self): store.model.MapOfPackageRecord?
---@field keys fun(self): string[]
---@field contains_key fun(self, key: string|integer): boolean
---@field as_idx fun(self, key: string|integer): store.model.PackageRecord?
---@field insert fun(self, key: string|integer, value: store.PackageRecord): (store.PackageRecord)?
---@field upsert fun(self, key: string|integer, make: fun(): store.PackageRecord): store.model.PackageRecord
---@field remove fun(self, key: string|integer): (store.PackageRecord)?
---@field entries fun(self): fun(): string, store.model.PackageRecord

---@class store.model.ListOfString: store.model.Node
---@field de fun(self): string[]
---@field ser fun(self, value: string[])
---@field replace fun(self, value: string[]): string[]
---@field mutate fun(self, change: fun(value: string[]): any, engine.Error?): string[], engine.Error?
---@field transpose fun(self): store.model.ListOfString?
---@field count fun(self): integer
---@field as_idx fun(self, index: integer): store.model.String?
---@field insert fun(self, value: string, index?: integer)
---@field remove fun(self, index: integer): (string)?

---@class store.model.Session: store.model.Node
---@field de fun(self): store.Session
---@field ser fun(self, value: store.Session)
---@field replace fun(self, value: store.Session): store.Session
---@field mutate fun(self, change: fun(value: store.Session): any, engine.Error?): store.Session, engine.Error?
---@field transpose fun(self): store.model.Session?
---@field lastActive store.model.String
---@field loggedIn store.model.String
---@field read store.model.ListOfString
---@field userAgent store.model.String

---@class store.model.MapOfSession: store.model.Node
---@field de fun(self): table<string, store.Session>
---@field ser fun(self, value: table<string, store.Session>)
---@field replace fun(self, value: table<string, store.Session>): table<string, store.Session>
---@field mutate fun(self, change: fun(value: table<string, store.Session>): any, engine.Error?): table<string, store.Session>, engine.Error?
---@field transpose fun(self): store.model.MapOfSession?
---@field keys fun(self): string[]
---@field contains_key fun(self, key: string|integer): boolean
---@field as_idx fun(self, key: string|integer): store.model.Session?
---@field insert fun(self, key: string|integer, value: store.Session): (store.Session)?
---@field upsert fun(self, key: string|integer, make: fun(): store.Session): store.model.Session
---@field remove fun(self, key: string|integer): (store.Session)?
---@field entries fun(self): fun(): string, store.model.Session

---@class store.model.Private: store.model.Node
---@field de fun(self): store.Private
---@field ser fun(self, value: store.Private)
---@field replace fun(self, value: store.Private): store.Private
---@field mutate fun(self, change: fun(value: store.Private): any, engine.Error?): store.Private, engine.Error?
---@field transpose fun(self): store.model.Private?
---@field authPubkeys store.model.MapOfAuthPubkey
---@field jobs store.model.MapOfStoredJob
---@field network store.model.Network
---@field notifications store.model.Notifications
---@field packages store.model.MapOfPackageRecord
---@field password store.model.String
---@field sessions store.model.MapOfSession
---@field [string] store.model.Any

---@class store.model.Action: store.model.Node
---@field de fun(self): store.Action
---@field ser fun(self, value: store.Action)
---@field replace fun(self, value: store.Action): store.Action
---@field mutate fun(self, change: fun(value: store.Action): any, engine.Error?): store.Action, engine.Error?
---@field transpose fun(self): store.model.Action?
---@field name store.model.String
---@field [string] store.model.Any

---@class store.model.MapOfAction: store.model.Node
---@field de fun(self): table<string, store.Action>
---@field ser fun(self, value: table<string, store.Action>)
---@field replace fun(self, value: table<string, store.Action>): table<string, store.Action>
---@field mutate fun(self, change: fun(value: table<string, store.Action>): any, engine.Error?): table<string, store.Action>, engine.Error?
---@field transpose fun(self): store.model.MapOfAction?
---@field keys fun(self): string[]
---@field contains_key fun(self, key: string|integer): boolean
---@field as_idx fun(self, key: string|integer): store.model.Action?
---@field insert fun(self, key: string|integer, value: store.Action): (store.Action)?
---@field upsert fun(self, key: string|integer, make: fun(): store.Action): store.model.Action
---@field remove fun(self, key: string|integer): (store.Action)?
---@field entries fun(self): fun(): string, store.model.Action

---@class store.model.Manifest: store.model.Node
---@field de fun(self): store.Manifest
---@field ser fun(self, value: store.Manifest)
---@field replace fun(self, value: store.Manifest): store.Manifest
---@field mutate fun(self, change: fun(value: store.Manifest): any, engine.Error?): store.Manifest, engine.Error?
---@field transpose fun(self): store.model.Manifest?
---@field id store.model.String
---@field version store.model.String
---@field [string] store.model.Any

---@class store.model.PackageStateInstalled: store.model.Node
---@field de fun(self): table
---@field ser fun(self, value: table)
---@field replace fun(self, value: table): table
---@field mutate fun(self, change: fun(value: table): any, engine.Error?): table, engine.Error?
---@field transpose fun(self): store.model.PackageStateInstalled?
---@field manifest store.model.Manifest

---@class store.model.Progress: store.model.Node
---@field de fun(self): store.Progress|lightuserdata
---@field ser fun(self, value: store.Progress|lightuserdata)
---@field replace fun(self, value: store.Progress|lightuserdata): store.Progress|lightuserdata
---@field mutate fun(self, change: fun(value: store.Progress|lightuserdata): any, engine.Error?): store.Progress|lightuserdata, engine.Error?
---@field transpose fun(self): store.model.Progress?

---@class store.model.InstallingInfo: store.model.Node
---@field de fun(self): store.InstallingInfo
---@field ser fun(self, value: store.InstallingInfo)
---@field replace fun(self, value: store.InstallingInfo): store.InstallingInfo
---@field mutate fun(self, change: fun(value: store.InstallingInfo): any, engine.Error?): store.InstallingInfo, engine.Error?
---@field transpose fun(self): store.model.InstallingInfo?
---@field keepData store.model.Boolean
---@field newManifest store.model.Manifest
---@field packageProgress store.model.Any
---@field progress store.model.Progress

---@class store.model.PackageStateInstalling: store.model.Node
---@field de fun(self): table
---@field ser fun(self, value: table)
---@field replace fun(self, value: table): table
---@field mutate fun(self, change: fun(value: table): any, engine.Error?): table, engine.Error?
---@field transpose fun(self): store.model.PackageStateInstalling?
---@field installingInfo store.model.InstallingInfo

---@class store.model.PackageStateRemoving: store.model.Node
---@field de fun(self): table
---@field ser fun(self, value: table)
---@field replace fun(self, value: table): table
---@field mutate fun(self, change: fun(value: table): any, engine.Error?): table, engine.Error?
---@field transpose fun(self): store.model.PackageStateRemoving?
---@field keepData store.model.Boolean
---@field manifest store.model.Manifest

---@class store.model.PackageStateRestoring: store.model.Node
---@field de fun(self): table
---@field ser fun(self, value: table)
---@field replace fun(self, value: table): table
---@field mutate fun(self, change: fun(value: table): any, engine.Error?): table, engine.Error?
---@field transpose fun(self): store.model.PackageStateRestoring?
---@field installingInfo store.model.InstallingInfo

---@class store.model.PackageStateUpdating: store.model.Node
---@field de fun(self): table
---@field ser fun(self, value: table)
---@field replace fun(self, value: table): table
---@field mutate fun(self, change: fun(value: table): any, engine.Error?): table, engine.Error?
---@field transpose fun(self): store.model.PackageStateUpdating?
---@field installingInfo store.model.InstallingInfo
---@field manifest store.model.Manifest
---@field s9pk store.model.String

---@class store.model.PackageState: store.model.Node
---@field de fun(self): store.PackageState
---@field ser fun(self, value: store.PackageState)
---@field replace fun(self, value: store.PackageState): store.PackageState
---@field mutate fun(self, change: fun(value: store.PackageState): any, engine.Error?): store.PackageState, engine.Error?
---@field transpose fun(self): store.model.PackageState?
---@field match fun(self): 'installed', store.model.PackageStateInstalled|fun(self): 'installing', store.model.PackageStateInstalling|fun(self): 'removing', store.model.PackageStateRemoving|fun(self): 'restoring', store.model.PackageStateRestoring|fun(self): 'updating', store.model.PackageStateUpdating

---@class store.model.DesiredBackingUp: store.model.Node
---@field de fun(self): table
---@field ser fun(self, value: table)
---@field replace fun(self, value: table): table
---@field mutate fun(self, change: fun(value: table): any, engine.Error?): table, engine.Error?
---@field transpose fun(self): store.model.DesiredBackingUp?
---@field onComplete store.model.Enum

---@class store.model.DesiredRestarting: store.model.Node
---@field de fun(self): table
---@field ser fun(self, value: table)
---@field replace fun(self, value: table): table
---@field mutate fun(self, change: fun(value: table): any, engine.Error?): table, engine.Error?
---@field transpose fun(self): store.model.DesiredRestarting?
---@field restartAgain store.model.Boolean

---@class store.model.DesiredRunning: store.model.Node
---@field de fun(self): table
---@field ser fun(self, value: table)
---@field replace fun(self, value: table): table
---@field mutate fun(self, change: fun(value: table): any, engine.Error?): table, engine.Error?
---@field transpose fun(self): store.model.DesiredRunning?

---@class store.model.DesiredStopped: store.model.Node
---@field de fun(self): table
---@field ser fun(self, value: table)
---@field replace fun(self, value: table): table
---@field mutate fun(self, change: fun(value: table): any, engine.Error?): table, engine.Error?
---@field transpose fun(self): store.model.DesiredStopped?

---@class store.model.Desired: store.model.Node
---@field de fun(self): store.Desired
---@field ser fun(self, value: store.Desired)
---@field replace fun(self, value: store.Desired): store.Desired
---@field mutate fun(self, change: fun(value: store.Desired): any, engine.Error?): store.Desired, engine.Error?
---@field transpose fun(self): store.model.Desired?
---@field match fun(self): 'backing-up', store.model.DesiredBackingUp|fun(self): 'restarting', store.model.DesiredRestarting|fun(self): 'running', store.model.DesiredRunning|fun(self): 'stopped', store.model.DesiredStopped

---@class store.model.StatusError: store.model.Node
---@field de fun(self): store.StatusError
---@field ser fun(self, value: store.StatusError)
---@field replace fun(self, value: store.StatusError): store.StatusError
---@field mutate fun(self, change: fun(value: store.StatusError): any, engine.Error?): store.StatusError, engine.Error?
---@field transpose fun(self): store.model.StatusError?
---@field details store.model.Any
---@field kind store.model.String
---@field message store.model.String

---@class store.model.Health: store.model.Node
---@field de fun(self): store.Health
---@field ser fun(self, value: store.Health)
---@field replace fun(self, value: store.Health): store.Health
---@field mutate fun(self, change: fun(value: store.Health): any, engine.Error?): store.Health, engine.Error?
---@field transpose fun(self): store.model.Health?
---@field message store.model.String
---@field name store.model.String
---@field result store.model.Enum

---@class store.model.MapOfHealth: store.model.Node
---@field de fun(self): table<string, store.Health>
---@field ser fun(self, value: table<string, store.Health>)
---@field replace fun(self, value: table<string, store.Health>): table<string, store.Health>
---@field mutate fun(self, change: fun(value: table<string, store.Health>): any, engine.Error?): table<string, store.Health>, engine.Error?
---@field transpose fun(self): store.model.MapOfHealth?
---@field keys fun(self): string[]
---@field contains_key fun(self, key: string|integer): boolean
---@field as_idx fun(self, key: string|integer): store.model.Health?
---@field insert fun(self, key: string|integer, value: store.Health): (store.Health)?
---@field upsert fun(self, key: string|integer, make: fun(): store.Health): store.model.Health
---@field remove fun(self, key: string|integer): (store.Health)?
---@field entries fun(self): fun(): string, store.model.Health

---@class store.model.Status: store.model.Node
---@field de fun(self): store.Status
---@field ser fun(self, value: store.Status)
---@field replace fun(self, value: store.Status): store.Status
---@field mutate fun(self, change: fun(value: store.Status): any, engine.Error?): store.Status, engine.Error?
---@field transpose fun(self): store.model.Status?
---@field desired store.model.Desired
---@field error store.model.StatusError
---@field health store.model.MapOfHealth
---@field started store.model.String

---@class store.model.PackageDataEntry: store.model.Node
---@field de fun(self): store.PackageDataEntry
---@field ser fun(self, value: store.PackageDataEntry)
---@field replace fun(self, value: store.PackageDataEntry): store.PackageDataEntry
---@field mutate fun(self, change: fun(value: store.PackageDataEntry): any, engine.Error?): store.PackageDataEntry, engine.Error?
---@field transpose fun(self): store.model.PackageDataEntry?
---@field actions store.model.MapOfAction
---@field backupProgress store.model.Any
---@field developerKey store.model.String
---@field lastBackup store.model.String
---@field s9pk store.model.String
---@field stateInfo store.model.PackageState
---@field statusInfo store.model.Status

---@class store.model.MapOfPackageDataEntry: store.model.Node
---@field de fun(self): table<string, store.PackageDataEntry>
---@field ser fun(self, value: table<string, store.PackageDataEntry>)
---@field replace fun(self, value: table<string, store.PackageDataEntry>): table<string, store.PackageDataEntry>
---@field mutate fun(self, change: fun(value: table<string, store.PackageDataEntry>): any, engine.Error?): table<string, store.PackageDataEntry>, engine.Error?
---@field transpose fun(self): store.model.MapOfPackageDataEntry?
---@field keys fun(self): string[]
---@field contains_key fun(self, key: string|integer): boolean
---@field as_idx fun(self, key: string|integer): store.model.PackageDataEntry?
---@field insert fun(self, key: string|integer, value: store.PackageDataEntry): (store.PackageDataEntry)?
---@field upsert fun(self, key: string|integer, make: fun(): store.PackageDataEntry): store.model.PackageDataEntry
---@field remove fun(self, key: string|integer): (store.PackageDataEntry)?
---@field entries fun(self): fun(): string, store.model.PackageDataEntry

---@class store.model.ServerInfo: store.model.Node
---@field de fun(self): store.ServerInfo
---@field ser fun(self, value: store.ServerInfo)
---@field replace fun(self, value: store.ServerInfo): store.ServerInfo
---@field mutate fun(self, change: fun(value: store.ServerInfo): any, engine.Error?): store.ServerInfo, engine.Error?
---@field transpose fun(self): store.model.ServerInfo?
---@field language store.model.String
---@field unreadNotificationCount store.model.Integer
---@field version store.model.String
---@field [string] store.model.Any

---@class store.model.Settings: store.model.Node
---@field de fun(self): store.Settings
---@field ser fun(self, value: store.Settings)
---@field replace fun(self, value: store.Settings): store.Settings
---@field mutate fun(self, change: fun(value: store.Settings): any, engine.Error?): store.Settings, engine.Error?
---@field transpose fun(self): store.model.Settings?
---@field allowedOrigins store.model.ListOfString
---@field hostnames store.model.ListOfString
---@field sessionIdle store.model.String
---@field [string] store.model.Any

---@class store.model.Public: store.model.Node
---@field de fun(self): store.Public
---@field ser fun(self, value: store.Public)
---@field replace fun(self, value: store.Public): store.Public
---@field mutate fun(self, change: fun(value: store.Public): any, engine.Error?): store.Public, engine.Error?
---@field transpose fun(self): store.model.Public?
---@field packageData store.model.MapOfPackageDataEntry
---@field serverInfo store.model.ServerInfo
---@field settings store.model.Settings
---@field ui store.model.Any
---@field [string] store.model.Any

---@class store.model.Document: store.model.Node
---@field de fun(self): store.Document
---@field ser fun(self, value: store.Document)
---@field replace fun(self, value: store.Document): store.Document
---@field mutate fun(self, change: fun(value: store.Document): any, engine.Error?): store.Document, engine.Error?
---@field transpose fun(self): store.model.Document?
---@field private store.model.Private
---@field public store.model.Public
---@field [string] store.model.Any
