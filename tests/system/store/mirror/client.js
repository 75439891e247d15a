// A client as section 11 of the patch-store reference describes it: keeps a copy of a scope by a dump
// and what comes after, and comes back after every close but 4001. It is strict where the original
// is lenient: an update that does not follow on the one before ends the test.
const WebSocket = require('ws');

function tokens(path) {
  return path.split('/').slice(1).map((t) => t.replace(/~1/g, '/').replace(/~0/g, '~'));
}

function apply(value, { op, path, value: operand }) {
  const way = tokens(path);
  if (!way.length) {
    if (op === 'remove') throw new Error('remove of the root');
    return operand;
  }
  const last = way.pop();
  const parent = way.reduce((at, t) => at[t], value);
  if (Array.isArray(parent)) {
    const index = Number(last);
    if (index > parent.length || (op !== 'add' && index === parent.length)) throw new Error(`beyond ${path}`);
    if (op === 'replace') parent[index] = operand;
    else if (op === 'add') parent.splice(index, 0, operand);
    else if (op === 'remove') parent.splice(index, 1);
    else throw new Error(op);
  } else if (op === 'remove') {
    if (!Object.hasOwn(parent, last)) throw new Error(`nothing at ${path}`);
    delete parent[last];
  } else {
    if ((op === 'replace') !== Object.hasOwn(parent, last)) throw new Error(`${op} at ${path}`);
    Object.defineProperty(parent, last, { value: operand, enumerable: true, configurable: true, writable: true });
  }
  return value;
}

class Mirror {
  /// `resumes`: sends what it has (R19); the original client begins anew each time.
  constructor(server, scope, resumes) {
    Object.assign(this, { server, scope, resumes, id: 0, value: undefined, store: undefined, waiting: [] });
    this.counts = { dumps: 0, revisions: 0, resumed: 0, opened: 0 };
    this.closed = false;
    this.delay = 10;
    this.running = this.run();
  }

  fail(words) {
    console.error(`${this.scope}: ${words}`);
    process.exit(1);
  }

  update(update) {
    if ('patch' in update) {
      if (update.id <= this.id) this.fail(`revision ${update.id} after ${this.id}`);
      if (update.prev !== this.id) this.fail(`lost something: ${update.prev} before ${update.id}, not ${this.id}`);
      try {
        for (const operation of update.patch) this.value = apply(this.value, operation);
      } catch (error) {
        this.fail(`${error.message} in ${JSON.stringify(update).slice(0, 500)}`);
      }
      this.counts.revisions++;
    } else {
      this.value = update.value;
      this.counts.dumps++;
    }
    this.id = update.id;
    this.waiting = this.waiting.filter(({ id, done }) => id > this.id || done());
  }

  begin(start) {
    if (start.revisions) {
      this.counts.resumed++;
      start.revisions.forEach((each) => this.update(each));
    } else {
      this.update(start.dump);
    }
    this.store = start.store;
  }

  async connect() {
    const known = this.resumes && this.store ? { since: this.id, store: this.store } : {};
    const start = await this.server.call('db.subscribe', { pointer: this.scope, ...known });
    if (this.closed) return 1000;
    this.begin(start);
    const socket = new WebSocket(this.server.stream(start.guid));
    this.socket = socket;
    socket.on('open', () => { this.counts.opened++; this.delay = 10; });
    socket.on('message', (text) => { if (this.socket === socket) this.update(JSON.parse(String(text))); });
    socket.on('error', () => {});
    return new Promise((done) => { socket.on('close', done); });
  }

  async run() {
    while (!this.closed) {
      let code;
      try { code = await this.connect(); } catch (error) { if (error.rpc) this.fail(JSON.stringify(error.rpc)); }
      if (code === 4001) this.fail('the session has ended');
      this.socket = undefined;
      await new Promise((done) => { setTimeout(done, this.delay * (0.5 + Math.random())); });
      this.delay = Math.min(this.delay * 2, 200);
    }
  }

  /// Whether there was a connection to break.
  disconnect() {
    if (!this.socket || this.socket.readyState !== WebSocket.OPEN) return false;
    const { socket } = this;
    this.socket = undefined; // what is still on its way is lost
    socket.terminate();
    return true;
  }

  reach(id) {
    if (this.id >= id) return Promise.resolve();
    return new Promise((done) => { this.waiting.push({ id, done: () => { done(); return false; } }); });
  }

  async close() {
    this.closed = true;
    if (this.socket) this.socket.close();
    await this.running;
  }
}

module.exports = { Mirror, tokens };
