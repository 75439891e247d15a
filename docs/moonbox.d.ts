// The methods of moonbox. Made from the handler tree by `./dev docs`; do not edit.

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

export interface Methods {
  /**
   * Accept the signatures of a public key
   * Wire name: `action:auth.key.add.input.v1`.
   */
  'auth.key.add': {
    params: {
      /** The key may do what the owner may */
      admin?: boolean;
      /** Public key in PEM form; - reads standard input, @FILE a file */
      key: string;
      /** Whose key it is */
      name?: string;
    };
    result: {
      id: string;
    };
  };
  /**
   * List the accepted keys
   * Wire name: `query:auth.key.list.v1`.
   */
  'auth.key.list': {
    params: Record<string, never>;
    result: Array<{
      addedAt: string;
      admin: boolean;
      id: string;
      key: string;
      name: string;
    }>;
  };
  /**
   * Accept keys no longer
   * Wire name: `action:auth.key.remove.input.v1`.
   */
  'auth.key.remove': {
    params: {
      /** Keys, as auth key list names them */
      ids: Array<string>;
    };
    result: null;
  };
  /**
   * Wire name: `action:auth.login.input.v1`.
   */
  'auth.login': {
    params: {
      ephemeral?: boolean;
      password: string;
      returnToken?: boolean;
    };
    result: {
      session?: string;
    };
  };
  /**
   * Wire name: `action:auth.logout.input.v1`.
   */
  'auth.logout': {
    params: Record<string, never>;
    result: null;
  };
  /**
   * Wire name: `action:auth.reset-password.input.v1`.
   */
  'auth.reset-password': {
    params: {
      newPassword: string;
      oldPassword?: string;
    };
    result: null;
  };
  /**
   * End sessions, with their connections and streams
   * Wire name: `action:auth.session.kill.input.v1`.
   */
  'auth.session.kill': {
    params: {
      /** Sessions, as auth session list names them */
      ids: Array<string>;
    };
    result: null;
  };
  /**
   * List who is logged in
   * Wire name: `query:auth.session.list.v1`.
   */
  'auth.session.list': {
    params: Record<string, never>;
    result: {
      current?: string;
      sessions: Record<string, {
        ephemeral?: boolean;
        lastActive: string;
        loggedIn: string;
        userAgent?: string;
      }>;
    };
  };
  /**
   * Wire name: `action:backup.create.input.v1`.
   */
  'backup.create': {
    params: {
      /** Packages; none means all */
      packages?: Array<string>;
      /** Directory that holds the backups */
      target: string;
    };
    result: {
      jobId: string;
    };
  };
  /**
   * Apply a JSON Patch, all of it or nothing
   * Wire name: `action:db.apply.input.v1`.
   */
  'db.apply': {
    params: {
      /** Revision the store must be at */
      expect?: number;
      /** JSON Patch (RFC 6902); - reads standard input, @FILE a file */
      patch: Json;
    };
    result: {
      changed: boolean;
      revision: number;
    };
  };
  /**
   * Print the document below a pointer
   * Wire name: `query:db.dump.v1`.
   */
  'db.dump': {
    params: {
      /** JSON pointer (RFC 6901) */
      pointer?: string;
    };
    result: Json;
  };
  /**
   * Write a value at a pointer
   * Wire name: `action:db.put.input.v1`.
   */
  'db.put': {
    params: {
      /** JSON pointer (RFC 6901) */
      pointer: string;
      /** Value as JSON; - reads standard input, @FILE a file */
      value: Json;
    };
    result: {
      changed: boolean;
      revision: number;
    };
  };
  /**
   * Wire name: `action:db.put.ui.input.v1`.
   */
  'db.put.ui': {
    params: {
      /** JSON pointer (RFC 6901) */
      pointer: string;
      /** Value as JSON; - reads standard input, @FILE a file */
      value: Json;
    };
    result: null;
  };
  /**
   * Answer with the given message
   * Wire name: `query:echo.v1`.
   */
  'echo': {
    params: {
      /** Text to send back */
      message: string;
    };
    result: string;
  };
  /**
   * Print the commit the daemon was built from
   * Wire name: `query:git-info.v1`.
   */
  'git-info': {
    params: Record<string, never>;
    result: string;
  };
  /**
   * Ask an operation to stop
   * Wire name: `action:job.cancel.input.v1`.
   */
  'job.cancel': {
    params: {
      /** Id of the operation */
      id: string;
    };
    result: null;
  };
  /**
   * Show one operation
   * Wire name: `query:job.get.v1`.
   */
  'job.get': {
    params: {
      /** Id of the operation */
      id: string;
    };
    result: Json;
  };
  /**
   * List operations, newest first
   * Wire name: `query:job.list.v1`.
   */
  'job.list': {
    params: Record<string, never>;
    result: Json;
  };
  /**
   * Wire name: `query:job.wait.v1`.
   */
  'job.wait': {
    params: {
      /** Id of the operation */
      id: string;
      /** Send progress events while waiting */
      progress?: boolean;
      /** How long to wait, such as 30s or 5m */
      timeout?: number | string;
    };
    result: Json;
  };
  /**
   * Get the input form of an action
   * Wire name: `action:package.action.get-input.input.v1`.
   */
  'package.action.get-input': {
    params: {
      /** Action */
      actionId: string;
      /** Package */
      packageId: string;
      /** Partial values as JSON; - reads standard input, @FILE a file */
      prefill?: Json;
    };
    result: Json;
  };
  /**
   * List the actions of a package
   * Wire name: `query:package.action.list.v1`.
   */
  'package.action.list': {
    params: {
      /** Package */
      id: string;
    };
    result: Array<{
      allowedStatuses?: 'only-running' | 'only-stopped' | 'any';
      description?: string | null;
      hasInput?: boolean;
      id: string;
      name: string;
      visibility?: Json;
    }>;
  };
  /**
   * Run an action, with input if it takes any
   * Wire name: `action:package.action.run.input.v1`.
   */
  'package.action.run': {
    params: {
      /** Action */
      actionId: string;
      eventId?: string;
      /** Input as JSON; - reads standard input, @FILE a file */
      input?: Json;
      /** Package */
      packageId: string;
    };
    result: Json;
  };
  /**
   * Wire name: `action:package.backup.restore.input.v1`.
   */
  'package.backup.restore': {
    params: {
      /** Package */
      id: string;
      /** Directory that holds the backups */
      target: string;
    };
    result: {
      jobId: string;
    };
  };
  /**
   * Run a script in the live runtime of a package
   * Wire name: `action:package.eval.input.v1`.
   */
  'package.eval': {
    params: {
      /** Package */
      id: string;
      /** Lua to run; - reads standard input, @FILE a file */
      script: string;
      /** How long to wait, such as 30s or 5m */
      timeout?: number | string;
    };
    result: {
      output?: Array<string>;
      result?: Json;
    };
  };
  /**
   * Show everything about one package
   * Wire name: `query:package.info.v1`.
   */
  'package.info': {
    params: {
      /** Package */
      id: string;
    };
    result: {
      address?: string | null;
      health?: string | null;
      id: string;
      status: string;
      title?: Json;
      version?: string | null;
    };
  };
  /**
   * Wire name: `action:package.install.input.v1`.
   */
  'package.install': {
    params: {
      /** Package */
      id: string;
    };
    result: {
      jobId: string;
    };
  };
  /**
   * List installed packages
   * Wire name: `query:package.list.v1`.
   */
  'package.list': {
    params: Record<string, never>;
    result: Array<{
      address?: string | null;
      health?: string | null;
      id: string;
      status: string;
      title?: Json;
      version?: string | null;
    }>;
  };
  /**
   * Wire name: `query:package.logs.v1`.
   */
  'package.logs': {
    params: {
      follow?: boolean;
      id: string;
      limit?: number;
    };
    result: {
      entries: Array<Json>;
    };
  };
  /**
   * Wire name: `action:package.rebuild.input.v1`.
   */
  'package.rebuild': {
    params: {
      /** Package */
      id: string;
    };
    result: {
      jobId: string;
    };
  };
  /**
   * Restart a service
   * Wire name: `action:package.restart.input.v1`.
   */
  'package.restart': {
    params: {
      /** Package */
      id: string;
      /** Wait until the service is what was asked for */
      wait?: boolean;
    };
    result: null;
  };
  /**
   * Wire name: `action:package.sideload.input.v1`.
   */
  'package.sideload': {
    params: {
      path: string;
    };
    result: {
      jobId: string;
    };
  };
  /**
   * Start a service
   * Wire name: `action:package.start.input.v1`.
   */
  'package.start': {
    params: {
      /** Package */
      id: string;
      /** Wait until the service is what was asked for */
      wait?: boolean;
    };
    result: null;
  };
  /**
   * Stop a service
   * Wire name: `action:package.stop.input.v1`.
   */
  'package.stop': {
    params: {
      /** Package */
      id: string;
      /** Wait until the service is what was asked for */
      wait?: boolean;
    };
    result: null;
  };
  /**
   * Wire name: `action:package.uninstall.input.v1`.
   */
  'package.uninstall': {
    params: {
      /** Do it although something stands against it */
      force?: boolean;
      /** Package */
      id: string;
      /** Keep the data */
      soft?: boolean;
    };
    result: {
      jobId: string;
    };
  };
  /**
   * Print the OpenRPC document of every method
   * Wire name: `query:rpc.discover.v1`.
   */
  'rpc.discover': {
    params: Record<string, never>;
    result: {
      openrpc: string;
    };
  };
  /**
   * List the handlers that raised errors, with the last traceback
   * Wire name: `query:script.failures.v1`.
   */
  'script.failures': {
    params: Record<string, never>;
    result: Array<{ [key: string]: Json }>;
  };
  /**
   * List the script files in force and where each came from
   * Wire name: `query:script.files.v1`.
   */
  'script.files': {
    params: Record<string, never>;
    result: Array<{ [key: string]: Json }>;
  };
  /**
   * List methods with the file and line that define them
   * Wire name: `query:script.list.v1`.
   */
  'script.list': {
    params: Record<string, never>;
    result: Json;
  };
  /**
   * Load the scripts again
   * Wire name: `action:script.reload.input.v1`.
   */
  'script.reload': {
    params: Record<string, never>;
    result: { [key: string]: Json };
  };
  /**
   * Put the generation before this one back into force
   * Wire name: `action:script.rollback.input.v1`.
   */
  'script.rollback': {
    params: Record<string, never>;
    result: { [key: string]: Json };
  };
  /**
   * Show the generation in force and why the last one was refused
   * Wire name: `query:script.status.v1`.
   */
  'script.status': {
    params: Record<string, never>;
    result: { [key: string]: Json };
  };
  /**
   * Show facts about the daemon
   * Wire name: `query:server.info.v1`.
   */
  'server.info': {
    params: Record<string, never>;
    result: {
      name: string;
      version: string;
    };
  };
  /**
   * Stop the daemon in good order
   * Wire name: `action:server.shutdown.input.v1`.
   */
  'server.shutdown': {
    params: Record<string, never>;
    result: null;
  };
}

export type ErrorKind =
  | 'action'
  | 'authorization'
  | 'backup'
  | 'block_device'
  | 'busy'
  | 'cancelled'
  | 'cannot_bind'
  | 'closed'
  | 'config_rules_violation'
  | 'config_spec_violation'
  | 'conflict'
  | 'connection_lost'
  | 'corrupt'
  | 'daemon_not_running'
  | 'data_dir_unusable'
  | 'database'
  | 'dependency'
  | 'deserialization'
  | 'disk_corrupted'
  | 'disk_not_available'
  | 'duplicate'
  | 'filesystem'
  | 'git'
  | 'incoherent'
  | 'incorrect_password'
  | 'install_failed'
  | 'instance_held'
  | 'internal'
  | 'invalid_backup_target_id'
  | 'invalid_id'
  | 'invalid_params'
  | 'invalid_request'
  | 'invalid_signature'
  | 'lxc'
  | 'method_not_found'
  | 'migration_failed'
  | 'multiple_errors'
  | 'network'
  | 'newer_format'
  | 'no_space'
  | 'not_found'
  | 'not_initialised'
  | 'openssl'
  | 'outcome_unknown'
  | 'pack'
  | 'parse_error'
  | 'parse_net_address'
  | 'parse_number'
  | 'parse_s9pk'
  | 'parse_timestamp'
  | 'parse_url'
  | 'parse_version'
  | 'pem'
  | 'permission_denied'
  | 'protocol_unsupported'
  | 'rate_limited'
  | 'read_only'
  | 'registry'
  | 'request_too_large'
  | 'restore'
  | 'script'
  | 'serialization'
  | 'shutting_down'
  | 'timeout'
  | 'unclean_stop'
  | 'uninitialized'
  | 'unknown'
  | 'update_failed'
  | 'usage'
  | 'utf8'
  | 'validate_s9pk'
  | 'version_incompatible';

export type MethodName = keyof Methods;
export type Params<M extends MethodName> = Methods[M]['params'];
export type Result<M extends MethodName> = Methods[M]['result'];

/** `error.data` of a response: `kind` is what programs should look at. */
export interface ErrorData {
  kind: ErrorKind;
  details: string;
  hint?: string;
  info?: Json;
  correlationId?: string;
}

export interface RpcError {
  code: number;
  message: string;
  data?: ErrorData;
}

export interface Request<M extends MethodName = MethodName> {
  jsonrpc?: '2.0';
  id?: string | number | null;
  method: M;
  params: Params<M>;
  /** The language of labels and texts, such as `de_DE`. */
  locale?: string;
  /** Lowers the deadline of the method. */
  deadline_ms?: number;
  /** An action with a key that was seen before is not run again. */
  idempotency_key?: string;
}

export type Response<M extends MethodName = MethodName> =
  | { jsonrpc: '2.0'; id: string | number | null; result: Result<M>; error?: undefined }
  | { jsonrpc: '2.0'; id: string | number | null; error: RpcError; result?: undefined };

/** Methods that may be called without parameters. */
type Optional<M extends MethodName> = Record<string, never> extends Params<M> ? true
  : Partial<Params<M>> extends Params<M> ? true : false;

export type CallArguments<M extends MethodName> = Optional<M> extends true
  ? [params?: Params<M>]
  : [params: Params<M>];

/** A client whose calls are checked against the methods. */
export interface Client {
  call<M extends MethodName>(method: M, ...params: CallArguments<M>): Promise<Result<M>>;
}
