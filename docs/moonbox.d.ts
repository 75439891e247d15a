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
      read?: Array<string>;
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
        read?: Array<string>;
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
   * Say who is here and what is spoken
   * Wire name: `query:daemon.hello.v1`.
   */
  'daemon.hello': {
    params: {
      /** Name of the client */
      client?: string;
      /** Lowest and highest protocol version the client speaks */
      protocol?: {
        max: number;
        min: number;
      };
      /** Version of the client */
      version?: string;
    };
    result: {
      features?: Array<string>;
      instance?: string;
      instanceId: string;
      limits?: Record<string, number>;
      name?: string;
      protocol: number;
      registryHash?: string;
      version?: string;
    };
  };
  /**
   * Wire name: `query:daemon.ping.v1`.
   */
  'daemon.ping': {
    params: Record<string, never>;
    result: {
      instanceId: string;
      pong: boolean;
    };
  };
  /**
   * Wire name: `action:daemon.shutdown.input.v1`.
   */
  'daemon.shutdown': {
    params: Record<string, never>;
    result: null;
  };
  /**
   * Wire name: `query:daemon.status.v1`.
   */
  'daemon.status': {
    params: Record<string, never>;
    result: {
      channels: Record<string, {
        bytes: number;
        events: number;
        lastSeq: number;
        subscriptions: number;
      }>;
      instance: string;
      jobs: {
        ended: number;
        running: number;
      };
      packages: Record<string, string>;
      pid: number;
      revision: number;
      state: string;
      uptime: number;
      version: string;
      workers: number;
    };
  };
  /**
   * Apply a JSON Patch, all of it or nothing
   * Wire name: `action:db.apply.input.v1`.
   */
  'db.apply': {
    params: {
      /** Write it even if it does not fit the schema of the document */
      allowModelMismatch?: boolean;
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
   * Wire name: `action:db.backup.input.v1`.
   */
  'db.backup': {
    params: {
      /** File to be made */
      file: string;
      /** Replace a file that is there */
      force?: boolean;
    };
    result: {
      documentBytes: number;
      entries: number;
      fileBytes: number;
      findings: Array<{
        what: string;
        where: string;
      }>;
      head: number;
      inJournal: number;
      oldest: number;
      revisions: number;
    };
  };
  /**
   * Wire name: `query:db.check.v1`.
   */
  'db.check': {
    params: Record<string, never>;
    result: {
      documentBytes: number;
      entries: number;
      fileBytes: number;
      findings: Array<{
        what: string;
        where: string;
      }>;
      head: number;
      inJournal: number;
      oldest: number;
      revisions: number;
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
   * Print the value at a pointer
   * Wire name: `query:db.get.v1`.
   */
  'db.get': {
    params: {
      /** JSON pointer (RFC 6901) */
      pointer: string;
    };
    result: Json;
  };
  /**
   * Show what changed, newest first
   * Wire name: `query:db.history.v1`.
   */
  'db.history': {
    params: {
      /** Only revisions before this one */
      before?: number;
      /** How many at most */
      limit?: number;
      /** Also show what each one changed */
      patch?: boolean;
      /** Only revisions that changed something at, above or below this JSON pointer */
      pointer?: string;
      /** Only revisions after this one */
      since?: number;
    };
    result: {
      revisions: Array<{
        bytes?: number;
        class: 'durable' | 'soon';
        id: number;
        method?: string;
        patch?: Json;
        reverts?: {
          first: number;
          last: number;
        };
        time: string;
        who?: string;
      }>;
    };
  };
  /**
   * List the migrations of the document and when they ran
   * Wire name: `query:db.migrations.v1`.
   */
  'db.migrations': {
    params: Record<string, never>;
    result: {
      migrations: Array<{
        name: string;
        state: 'applied' | 'not needed' | 'pending';
        time?: string;
      }>;
      version: number;
    };
  };
  /**
   * Write a value at a pointer
   * Wire name: `action:db.put.input.v1`.
   */
  'db.put': {
    params: {
      /** Write it even if it does not fit the schema of the document */
      allowModelMismatch?: boolean;
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
   * Wire name: `action:db.revert.input.v1`.
   */
  'db.revert': {
    params: {
      first: number;
      last?: number;
    };
    result: {
      changed: boolean;
      revision: number;
    };
  };
  /**
   * Wire name: `query:db.stats.v1`.
   */
  'db.stats': {
    params: Record<string, never>;
    result: {
      bytes: number;
      changes?: number;
      conflicts?: number;
      depth: number;
      entries: number;
      flushTime?: number;
      flushedAt?: string;
      format: number;
      freePages: number;
      head: number;
      id: string;
      largestBatch?: number;
      logBytes: number;
      mapBytes: number;
      oldest: number;
      pageBytes: number;
      pages: number;
      pending?: number;
      queued?: number;
      readers: number;
      revisions: number;
      schemaVersion?: number;
      transactions?: number;
    };
  };
  /**
   * Wire name: `query:db.subscribe.v1`.
   */
  'db.subscribe': {
    params: {
      pointer?: string;
      since?: number;
      store?: string;
    };
    result: {
      dump?: Json;
      guid: string;
      revisions?: Json;
      store: string;
    };
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
   * List the last events
   * Wire name: `query:event.list.v1`.
   */
  'event.list': {
    params: {
      /** events, or logs for log lines */
      channel?: 'events' | 'logs';
      /** false: only the path and what is directly below it */
      includeDescendants?: boolean;
      /** Only events of this operation */
      job?: Array<string>;
      /** Only this level and above */
      level?: 'trace' | 'debug' | 'info' | 'warn' | 'error';
      /** How many events */
      limit?: number;
      /** Only what is about this package */
      package?: Array<string>;
      /** Show events without paths, too */
      pathLenient?: boolean;
      /** Only what is about this path and those below it */
      pathScope?: string;
      /** Only what is about the thing with this id */
      resourceId?: Array<string>;
      /** Only what is about things of this type */
      resourceType?: Array<string>;
      /** Only what came after the event with this number */
      sinceSeq?: number;
      /** Only this part and those below it, such as service */
      target?: Array<string>;
      /** Only this type; a * at the end stands for anything */
      type?: Array<string>;
    };
    result: {
      events: Array<{
        data: Json;
        level: 'trace' | 'debug' | 'info' | 'warn' | 'error';
        seq: number;
        ts: string;
        type: string;
      }>;
      gap: boolean;
      next: number;
    };
  };
  /**
   * Wire name: `query:event.subscribe.v1`.
   */
  'event.subscribe': {
    params: {
      buffer?: number;
      /** events, or logs for log lines */
      channel?: 'events' | 'logs';
      /** false: only the path and what is directly below it */
      includeDescendants?: boolean;
      /** Only events of this operation */
      job?: Array<string>;
      /** Only this level and above */
      level?: 'trace' | 'debug' | 'info' | 'warn' | 'error';
      maxRate?: number;
      /** Only what is about this package */
      package?: Array<string>;
      /** Show events without paths, too */
      pathLenient?: boolean;
      /** Only what is about this path and those below it */
      pathScope?: string;
      policy?: 'drop_oldest' | 'coalesce' | 'disconnect';
      replayLast?: number;
      /** Only what is about the thing with this id */
      resourceId?: Array<string>;
      /** Only what is about things of this type */
      resourceType?: Array<string>;
      sinceSeq?: number;
      snapshot?: boolean;
      store?: string;
      /** Only this part and those below it, such as service */
      target?: Array<string>;
      /** Only this type; a * at the end stands for anything */
      type?: Array<string>;
    };
    result: {
      gap: boolean;
      next: number;
      replayed: number;
      snapshot?: Array<{
        data: Json;
        level: 'trace' | 'debug' | 'info' | 'warn' | 'error';
        type: string;
      }>;
      store: string;
      sub: number;
    };
  };
  /**
   * Wire name: `query:event.unsubscribe.v1`.
   */
  'event.unsubscribe': {
    params: {
      sub: number;
    };
    result: boolean;
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
    result: {
      cancelling: boolean;
      created: string;
      ended?: string;
      error: {
        hint?: string;
        info?: Json;
        kind: string;
        message: string;
      } | null;
      id: string;
      kind: string;
      progress: Json;
      result: Json;
      state: 'running' | 'succeeded' | 'failed' | 'cancelled';
      target?: string;
      title?: string;
    };
  };
  /**
   * List operations, newest first
   * Wire name: `query:job.list.v1`.
   */
  'job.list': {
    params: Record<string, never>;
    result: Array<{
      cancelling: boolean;
      created: string;
      ended?: string;
      error: {
        hint?: string;
        info?: Json;
        kind: string;
        message: string;
      } | null;
      id: string;
      kind: string;
      progress: Json;
      result: Json;
      state: 'running' | 'succeeded' | 'failed' | 'cancelled';
      target?: string;
      title?: string;
    }>;
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
    result: {
      cancelling: boolean;
      created: string;
      ended?: string;
      error: {
        hint?: string;
        info?: Json;
        kind: string;
        message: string;
      } | null;
      id: string;
      kind: string;
      progress: Json;
      result: Json;
      state: 'running' | 'succeeded' | 'failed' | 'cancelled';
      target?: string;
      title?: string;
    };
  };
  /**
   * Make a notification
   * Wire name: `action:notification.create.input.v1`.
   */
  'notification.create': {
    params: {
      /** How serious it is */
      level: 'success' | 'info' | 'warning' | 'error';
      /** What happened */
      message: string;
      /** Package */
      package?: string;
      /** One line that says it in short */
      title: string;
    };
    result: number;
  };
  /**
   * List notifications, newest first
   * Wire name: `query:notification.list.v1`.
   */
  'notification.list': {
    params: {
      /** Only notifications before this number */
      before?: number;
      /** How many notifications */
      limit?: number;
    };
    result: Array<{
      code: number;
      createdAt: string;
      data: Json;
      id: number;
      level: 'success' | 'info' | 'warning' | 'error';
      message: string;
      packageId: string | null;
      seen: boolean;
      title: string;
    }>;
  };
  /**
   * Mark notifications as seen
   * Wire name: `action:notification.mark-seen.input.v1`.
   */
  'notification.mark-seen': {
    params: {
      /** Numbers of notifications */
      ids: Array<number>;
    };
    result: null;
  };
  /**
   * Mark notifications up to one as seen
   * Wire name: `action:notification.mark-seen-before.input.v1`.
   */
  'notification.mark-seen-before': {
    params: {
      /** Number of the last notification to mark */
      before: number;
    };
    result: null;
  };
  /**
   * Mark notifications as not seen
   * Wire name: `action:notification.mark-unseen.input.v1`.
   */
  'notification.mark-unseen': {
    params: {
      /** Numbers of notifications */
      ids: Array<number>;
    };
    result: null;
  };
  /**
   * Remove notifications
   * Wire name: `action:notification.remove.input.v1`.
   */
  'notification.remove': {
    params: {
      /** Numbers of notifications */
      ids: Array<number>;
    };
    result: null;
  };
  /**
   * Remove notifications before one
   * Wire name: `action:notification.remove-before.input.v1`.
   */
  'notification.remove-before': {
    params: {
      /** Number of the first notification that stays */
      before: number;
    };
    result: null;
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
   * Wire name: `query:package.complete.v1`.
   */
  'package.complete': {
    params: {
      /** Package */
      id: string;
      line: string;
      /** Name of the variables to keep between inputs */
      session: string;
    };
    result: Array<string>;
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
      /** Name of the variables to keep between inputs */
      session?: string;
      /** How long to wait, such as 30s or 5m */
      timeout?: number | string;
    };
    result: {
      output?: Array<string>;
      result?: Json;
      values?: Array<string>;
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
   * Wire name: `query:script.complete.v1`.
   */
  'script.complete': {
    params: {
      line: string;
      /** Name of the variables to keep between inputs */
      session?: string;
      /** Which VM: control, or worker:N */
      vm?: string;
    };
    result: Array<string>;
  };
  /**
   * Run Lua in a live VM of the daemon
   * Wire name: `action:script.eval.input.v1`.
   */
  'script.eval': {
    params: {
      /** Lua to run; - reads standard input, @FILE a file */
      code: string;
      /** Name of the variables to keep between inputs */
      session?: string;
      /** How long to wait, such as 30s or 5m */
      timeout?: number | string;
      /** Which VM: control, or worker:N */
      vm?: string;
    };
    result: {
      generation: number;
      output: Array<string>;
      values: Array<string>;
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
   * Wire name: `query:script.follow.v1`.
   */
  'script.follow': {
    params: {
      /** How many calls to follow */
      count?: number;
      /** Method, such as echo */
      method: string;
      /** How long to wait, such as 30s or 5m */
      timeout?: number | string;
    };
    result: { [key: string]: Json };
  };
  /**
   * List methods with the file and line that define them
   * Wire name: `query:script.methods.v1`.
   */
  'script.methods': {
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
   * Wire name: `query:script.sample.v1`.
   */
  'script.sample': {
    params: {
      /** Samples per second of processor time */
      hertz?: number;
      /** How long to look */
      seconds?: number | string;
    };
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
   * Show what machine this is
   * Wire name: `query:server.device-info.v1`.
   */
  'server.device-info': {
    params: Record<string, never>;
    result: {
      hardware: {
        arch: string;
        devices: Array<{
          capabilities: Array<string>;
          class: 'processor' | 'display';
          driver?: string | null;
          product: string | null;
          vendor: string | null;
        }>;
        ram: number;
      };
      kernel: string;
      name: string;
      os: {
        compat: string;
        language: string;
        platform: string;
        version: string;
      };
      processors: number;
      system: string;
    };
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
   * Show the log of the daemon page by page
   * Wire name: `query:server.logs.v1`.
   */
  'server.logs': {
    params: {
      /** With --cursor: what was before it */
      before?: boolean;
      /** One boot of the machine: 0 this one, -1 the one before, or its id */
      boot?: string;
      /** Begin at this place of an earlier answer */
      cursor?: string;
      /** Only this level and above */
      level?: 'trace' | 'debug' | 'info' | 'warn' | 'error';
      /** How many lines */
      limit?: number;
      /** Only what is about this package */
      package?: Array<string>;
      /** Only lines of this last while, such as 10m */
      since?: number | string;
      /** Only this part and those below it, such as service */
      target?: Array<string>;
    };
    result: {
      endCursor: string;
      entries: Array<{
        bootId?: string;
        cursor: string;
        fields?: Record<string, Json>;
        level: 'trace' | 'debug' | 'info' | 'warn' | 'error';
        message: string;
        target: string;
        timestamp?: string;
      }>;
      startCursor?: string;
    };
  };
  /**
   * Wire name: `query:server.logs.follow.v1`.
   */
  'server.logs.follow': {
    params: {
      level?: 'trace' | 'debug' | 'info' | 'warn' | 'error';
      limit?: number;
      package?: Array<string>;
      target?: Array<string>;
    };
    result: {
      guid: string;
    };
  };
  /**
   * Show temperature, memory, processors and disk
   * Wire name: `query:server.metrics.v1`.
   */
  'server.metrics': {
    params: Record<string, never>;
    result: {
      cpu: {
        idle: {
          unit: string;
          value: number;
        };
        kernelSpace: {
          unit: string;
          value: number;
        };
        percentageUsed: {
          unit: string;
          value: number;
        };
        userSpace: {
          unit: string;
          value: number;
        };
        wait: {
          unit: string;
          value: number;
        };
      };
      disk: {
        available: {
          unit: string;
          value: number;
        };
        capacity: {
          unit: string;
          value: number;
        };
        percentageUsed: {
          unit: string;
          value: number;
        };
        used: {
          unit: string;
          value: number;
        };
      };
      general: {
        temperature: {
          unit: string;
          value: number;
        } | null;
      };
      memory: {
        available: {
          unit: string;
          value: number;
        };
        percentageUsed: {
          unit: string;
          value: number;
        };
        swapFree: {
          unit: string;
          value: number;
        };
        swapTotal: {
          unit: string;
          value: number;
        };
        total: {
          unit: string;
          value: number;
        };
        used: {
          unit: string;
          value: number;
        };
      };
    };
  };
  /**
   * Wire name: `query:server.metrics.follow.v1`.
   */
  'server.metrics.follow': {
    params: {
      interval?: number;
    };
    result: {
      guid: string;
      metrics: {
        cpu: {
          idle: {
            unit: string;
            value: number;
          };
          kernelSpace: {
            unit: string;
            value: number;
          };
          percentageUsed: {
            unit: string;
            value: number;
          };
          userSpace: {
            unit: string;
            value: number;
          };
          wait: {
            unit: string;
            value: number;
          };
        };
        disk: {
          available: {
            unit: string;
            value: number;
          };
          capacity: {
            unit: string;
            value: number;
          };
          percentageUsed: {
            unit: string;
            value: number;
          };
          used: {
            unit: string;
            value: number;
          };
        };
        general: {
          temperature: {
            unit: string;
            value: number;
          } | null;
        };
        memory: {
          available: {
            unit: string;
            value: number;
          };
          percentageUsed: {
            unit: string;
            value: number;
          };
          swapFree: {
            unit: string;
            value: number;
          };
          swapTotal: {
            unit: string;
            value: number;
          };
          total: {
            unit: string;
            value: number;
          };
          used: {
            unit: string;
            value: number;
          };
        };
      };
    };
  };
  /**
   * Print the figures of the daemon in the text format of Prometheus
   * Wire name: `query:server.prometheus.v1`.
   */
  'server.prometheus': {
    params: Record<string, never>;
    result: string;
  };
  /**
   * Wire name: `action:server.restart.input.v1`.
   */
  'server.restart': {
    params: Record<string, never>;
    result: {
      instanceId: string;
    };
  };
  /**
   * Set the language of messages for callers that name none
   * Wire name: `action:server.set-language.input.v1`.
   */
  'server.set-language': {
    params: {
      /** Locale, such as de_DE */
      language: 'en_US' | 'de_DE' | 'es_ES' | 'fr_FR' | 'pl_PL';
    };
    result: null;
  };
  /**
   * Stop the daemon in good order
   * Wire name: `action:server.shutdown.input.v1`.
   */
  'server.shutdown': {
    params: Record<string, never>;
    result: null;
  };
  /**
   * Show the clock and how long the machine has been up
   * Wire name: `query:server.time.v1`.
   */
  'server.time': {
    params: Record<string, never>;
    result: {
      now: string;
      uptime: number;
    };
  };
  /**
   * Show the version of the daemon
   * Wire name: `query:server.version.v1`.
   */
  'server.version': {
    params: Record<string, never>;
    result: {
      gitInfo: string;
      name: string;
      version: string;
    };
  };
  /**
   * Tell which set of methods is being served
   * Wire name: `query:state.v1`.
   */
  'state': {
    params: Record<string, never>;
    result: 'running' | 'initializing' | 'error';
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
  | 'daemon_restarted'
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
