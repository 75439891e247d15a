// Follows parts of the store as a user interface does, with calls over HTTP and a WebSocket.
const { isDeepStrictEqual } = require('util');
const WebSocket = require('ws');
const [base, token, password] = process.argv.slice(2);
const as = (session) => ({ Cookie: `session=${session}`, 'Content-Type': 'application/json' });

async function call(method, params = {}, headers = as(token)) {
  const response = await fetch(`http://${base}/rpc/v1`,
    { method: 'POST', headers, body: JSON.stringify({ id: 1, method, params }) });
  const answer = await response.json();
  answer.sequence = Number(response.headers.get('x-patch-sequence'));
  return answer;
}

function fail(...words) {
  console.error(...words);
  process.exit(1);
}
function same(got, wanted, what) {
  if (!isDeepStrictEqual(got, wanted)) fail(what, 'got', got, 'wanted', wanted);
}

async function open(guid) {
  const ws = new WebSocket(`ws://${base}/ws/rpc/${guid}`);
  const heard = [];
  let waiting = null;
  ws.on('message', (m) => {
    heard.push(JSON.parse(String(m)));
    if (waiting) waiting();
  });
  ws.ended = new Promise((done) => ws.on('close', (code) => done(code)));
  ws.next = async () => {
    while (!heard.length) await new Promise((done) => { waiting = done; });
    return heard.shift();
  };
  await new Promise((done, broken) => { ws.on('open', done); ws.on('error', broken); });
  return ws;
}

// A copy of the document kept by updates: strict, as a client is.
class Copy {
  constructor({ id, value }) { this.id = id; this.value = value; }
  update(update) {
    if (!(update.id > this.id)) fail('ids go back', this.id, update);
    this.id = update.id;
    if ('value' in update) { this.value = update.value; return; }
    for (const { op, path, value } of update.patch) {
      const tokens = path.split('/').slice(1).map((t) => t.replace(/~1/g, '/').replace(/~0/g, '~'));
      if (!tokens.length) { this.value = value; continue; }
      const last = tokens.pop();
      const parent = tokens.reduce((at, t) => at[t], this.value);
      if (op !== 'add' && !(last in parent)) fail('nothing at', path);
      if (Array.isArray(parent)) {
        if (op === 'replace') parent[last] = value;
        else if (op === 'add') parent.splice(last === '-' ? parent.length : Number(last), 0, value);
        else parent.splice(Number(last), 1);
      } else if (op === 'remove') delete parent[last];
      else parent[last] = value;
    }
  }
  async reach(ws, id) {
    while (this.id < id) this.update(await ws.next());
  }
}

(async () => {
  const put = async (pointer, value) => {
    const answer = await call('db.put.ui', { pointer, value });
    if (answer.error) fail(answer.error);
    return answer.sequence;
  };
  await put('/list', [{ n: 1 }, { n: 2 }]);

  // The whole public part, and an element of an array that moves.
  const all = (await call('db.subscribe')).result;
  const part = (await call('db.subscribe', { pointer: '/public/ui/list/1' })).result;
  const none = (await call('db.subscribe', { pointer: '/public/none' })).result;
  same(part.dump.value, { n: 2 }, 'the scope');
  same(none.dump.value, null, 'what is not there');
  const copies = [all, part, none].map((each) => new Copy(each.dump));
  await put('/before', 'the socket opens');
  const sockets = await Promise.all([all, part, none].map((each) => open(each.guid)));
  await put('/list/-', { n: 3 });
  await put('/list/1/n', 20);
  await put('/list', [{ n: 9 }, { n: 8 }]);
  await put('/theme', 'dark');
  const last = await put('/theme', 'light');
  await Promise.all(copies.map((copy, i) => copy.reach(sockets[i], last)));
  const now = (await call('db.dump')).result;
  same(copies[0].value, now.value, 'all');
  same(copies[1].value, { n: 8 }, 'the element');
  same(copies[2].value, null, 'nothing');

  // A change of what is private: the number of the call is reached all the same.
  const private_ = await call('server.set-language', { language: 'de_DE' });
  await copies[1].reach(sockets[1], private_.sequence);

  // Again from where we were: only what is missing. From another store: everything.
  const seen = copies[0].id;
  await put('/theme', 'grey');
  const again = (await call('db.subscribe', { since: seen, store: all.store })).result;
  if (again.dump || !again.revisions) fail('not what is missing', again);
  again.revisions.forEach((update) => copies[0].id < update.id && copies[0].update(update));
  same(copies[0].value, (await call('db.dump')).result.value, 'caught up');
  if (!(await call('db.subscribe', { since: seen, store: 'ff' })).result.dump) fail('another store');
  if (!(await call('db.subscribe', { since: 2 ** 50, store: all.store })).result.dump) fail('ahead');
  same((await call('db.subscribe', { pointer: '' })).error !== undefined, true, 'private');

  // Who does not read gets the value instead of what it has missed, and goes on from there.
  const slow = (await call('db.subscribe')).result;
  const slowCopy = new Copy(slow.dump);
  const text = 'x'.repeat(40000);
  let sequence;
  for (let i = 0; i < 40; i++) sequence = await put('/big', text + i);
  const late = await open(slow.guid);
  const first = await late.next();
  if (!('value' in first)) fail('no fresh dump');
  slowCopy.update(first);
  await slowCopy.reach(late, await put('/big', 'small'));
  same(slowCopy.value.ui.big, 'small', 'after the dump');

  // By a wildcard: what is there now, and what comes and goes.
  await put('/each', { a: { n: 1 }, b: { m: 1 } });
  const each = (await call('db.subscribe', { pointer: '/public/ui/each/*/n' })).result;
  same(each.dump.value, { a: 1 }, 'the wildcard');
  const eachCopy = new Copy(each.dump);
  const eachSocket = await open(each.guid);
  await put('/each/b/n', 2);
  await put('/each/c', { n: 3 });
  await eachCopy.reach(eachSocket, await put('/each/a/n', 10));
  same(eachCopy.value, { a: 10, b: 2, c: 3 }, 'after');

  // A session with a list reads what is below it, and hears of nothing else.
  await put('/mine', { n: 0 });
  const login = await call('auth.login', { password, read: ['/public/ui/mine'], returnToken: true }, {});
  const own = as(login.result.session);
  for (const pointer of ['', '/public', '/public/ui', '/private', '/public/ui/*', '/public/ui/minement']) {
    for (const method of ['db.dump', 'db.subscribe']) {
      const answer = await call(method, { pointer }, own);
      same(answer.error?.data.kind, 'authorization', `${method} ${pointer}`);
    }
  }
  same((await call('db.put.ui', { pointer: '/theme', value: 1 }, own)).error?.data.kind, 'authorization', 'writing');
  same((await call('auth.session.list', {}, own)).error?.data.kind, 'authorization', 'not an owner');
  const limited = (await call('db.subscribe', { pointer: '/public/ui/mine' }, own)).result;
  const limitedSocket = await open(limited.guid);
  const limitedCopy = new Copy(limited.dump);
  const told = [];
  limitedSocket.on('message', (text) => told.push(String(text)));
  await put('/hidden', 'of no concern');
  await call('server.set-language', { language: 'fr_FR' });
  await limitedCopy.reach(limitedSocket, await put('/mine/n', 1));
  same(limitedCopy.value, { n: 1 }, 'its own');
  const paths = told.flatMap((text) => JSON.parse(text).patch.map((operation) => operation.path));
  same(paths, ['/n'], 'nothing of the others, not even that they are');

  // The other streams.
  const metrics = (await call('server.metrics.follow', { interval: 0.5 })).result;
  const figures = await open(metrics.guid);
  same(Object.keys(await figures.next()).sort(), Object.keys(metrics.metrics).sort(), 'metrics');
  figures.close();
  const logs = await open((await call('server.logs.follow', { limit: 3 })).result.guid);
  const entry = await logs.next();
  if (!entry.timestamp || !entry.level || !entry.message) fail('no log entry', entry);

  await call('auth.logout');
  same(await Promise.all([late, logs, sockets[0]].map((ws) => ws.ended)), [4001, 4001, 4001], 'end');
  console.log('content');
  process.exit(0);
})();
