// What the document of the store holds; db.dump and db.subscribe give `Public`. Made from
// scripts/store/schema.lua by `./dev docs`; do not edit.

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

export type AuthPubkey = {
  addedAt: string;
  admin: boolean;
  key: string;
  name: string;
};

export type StoredJob = {
  created: string;
  ended?: string;
  kind: string;
  target?: string;
  title?: string;
};

export type Network = {
  bridge: string;
  subnet: string;
};

export type Notification = {
  code: number;
  createdAt: string;
  data: Json;
  level: 'success' | 'info' | 'warning' | 'error';
  message: string;
  packageId: string | null;
  seen: boolean;
  title: string;
};

export type Notifications = {
  next: number;
  records: Record<string, Notification>;
};

export type Container = {
  address?: string;
  archive?: string;
  baseImage?: string;
  volumesDir?: string;
};

export type PackageRecord = {
  container?: Container;
  slot?: number;
};

export type Session = {
  lastActive: string;
  loggedIn: string;
  read?: Array<string>;
  userAgent?: string;
};

export type Private = {
  authPubkeys?: Record<string, AuthPubkey>;
  jobs?: Record<string, StoredJob>;
  network?: Network;
  notifications?: Notifications;
  packages?: Record<string, PackageRecord>;
  password?: string;
  sessions?: Record<string, Session>;
  [key: string]: unknown;
};

export type Action = {
  name: string;
  [key: string]: unknown;
};

export type Manifest = {
  id: string;
  version: string;
  [key: string]: unknown;
};

export type Measure = {
  done: number;
  total?: number | null;
  units?: 'bytes' | 'steps' | null;
};

export type Progress = boolean | Measure | { overall: boolean | Measure | null; phases: Array<{ name: string; progress?: Json }> } | null;

export type InstallingInfo = {
  keepData?: boolean;
  newManifest: Manifest;
  packageProgress?: Json;
  progress: Progress | null;
};

export type PackageState = { state: 'installed'; manifest: Manifest } | { state: 'installing'; installingInfo: InstallingInfo } | { state: 'removing'; keepData?: boolean; manifest: Manifest } | { state: 'restoring'; installingInfo: InstallingInfo } | { state: 'updating'; installingInfo: InstallingInfo; manifest: Manifest; s9pk?: string };

export type Desired = { main: 'backing-up'; onComplete: 'start' | 'stop' } | { main: 'restarting'; restartAgain?: boolean } | { main: 'running' } | { main: 'stopped' };

export type StatusError = {
  details?: Json;
  kind: string;
  message: string;
};

export type Health = {
  message?: string | null;
  name: string;
  result: 'success' | 'loading' | 'disabled' | 'starting' | 'waiting' | 'failure';
};

export type Status = {
  desired: Desired;
  error?: StatusError;
  health: Record<string, Health>;
  started?: string;
};

export type PackageDataEntry = {
  actions: Record<string, Action>;
  backupProgress?: Json;
  developerKey: string;
  lastBackup?: string;
  s9pk: string;
  stateInfo: PackageState;
  statusInfo: Status;
};

export type ServerInfo = {
  language?: string;
  unreadNotificationCount?: number;
  version?: string;
  [key: string]: unknown;
};

export type Settings = {
  allowedOrigins?: Array<string>;
  hostnames?: Array<string>;
  sessionIdle?: string | number;
  [key: string]: unknown;
};

export type Public = {
  packageData?: Record<string, PackageDataEntry>;
  serverInfo?: ServerInfo;
  settings?: Settings;
  ui?: Json;
  [key: string]: unknown;
};

export type Document = {
  private: Private;
  public: Public;
  [key: string]: unknown;
};
