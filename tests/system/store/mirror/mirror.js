// Random changes by several writers, readers that lose their connections, a daemon that is killed: at
// each rest, and at the end, every reader's copy is the daemon's document.
const { execFileSync } = require('child_process');
const { readFileSync } = require('fs');
const http = require('http');
const { isDeepStrictEqual } = require('util');
const WebSocket = require('ws');
const { Mirror, tokens } = require('./client.js');

const [data, ...figures] = process.argv.slice(2);
const [CHANGES, DISCONNECTS, KILLS] = figures.map(Number);
const WRITERS = 16;
const seed = Number(process.env.SEED || Date.now() % 1e9);
const socket = `${data}/daemon/daemon.sock`;

let state = seed;
function below(count) { // the same numbers for the same seed
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * count);
}
const pick = (list) => list[below(list.length)];
const sleep = (ms) => new Promise((done) => { setTimeout(done, ms); });

function fail(...words) {
  console.error(`seed ${seed}:`, ...words);
  process.exit(1);
}

const server = {
  stream: (guid) => `ws+unix://${socket}:/ws/rpc/${guid}`,
  agent: new http.Agent({ keepAlive: true }),
  call(method, params) {
    return new Promise((done, broken) => {
      const body = JSON.stringify({ id: 1, method, params });
      const headers = { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) };
      const request = http.request({ socketPath: socket, path: '/rpc/v1', method: 'POST', headers, agent: this.agent },
        (response) => {
          const parts = [];
          response.on('data', (part) => parts.push(part));
          response.on('error', broken);
          response.on('end', () => {
            const answer = JSON.parse(Buffer.concat(parts).toString());
            if (!answer.error) return done(answer.result);
            const error = new Error(answer.error.message);
            // What is on its way when the daemon comes or goes is told so.
            if (!['uninitialized', 'shutting_down', 'closed'].includes(answer.error.data?.kind)) error.rpc = answer.error;
            broken(error);
          });
        });
      request.on('error', broken);
      request.end(body);
    });
  },
};

// --- what is changed ---------------------------------------------------------------------------

const KEYS = ['a', 'b', 'list', 'café', '', 'x/y', '~', '0', '__proto__'];
const ROOM = 600; // about how many values there are

function anything(depth) {
  const kind = below(depth > 2 ? 5 : 8);
  if (kind === 0) return null;
  if (kind === 1) return below(1e6) / 8;
  if (kind === 2) return below(2) === 1;
  if (kind < 5) return `text ${below(1e6)} ☃`;
  const count = below(5);
  if (kind < 7) return Array.from({ length: count }, () => anything(depth + 1));
  return Object.fromEntries(Array.from({ length: count }, () => [pick(KEYS), anything(depth + 1)]));
}

const escape = (token) => String(token).replace(/~/g, '~0').replace(/\//g, '~1');
const container = (value) => value !== null && typeof value === 'object';
function size(value) {
  return container(value) ? Object.values(value).reduce((sum, each) => sum + size(each), 1) : 1;
}

/// A random place in the document, and what is there; nothing where it ends at a new member.
function walk(value, path) {
  const keys = Object.keys(value);
  const key = below(4) > 0 && keys.length ? pick(keys) : Array.isArray(value) ? value.length : pick(KEYS);
  const here = `${path}/${escape(key)}`;
  const found = Object.hasOwn(value, key) ? value[key] : undefined;
  if (container(found) && below(3) > 0) return walk(found, here);
  return { path: here, found, array: Array.isArray(value) };
}

function operation(document, full) {
  const { path, found, array } = walk(document, '/public/ui');
  if (found === undefined) return { op: 'add', path: array && below(2) ? `${path.replace(/[^/]*$/, '')}-` : path, value: anything(1) };
  const choice = below(10);
  if (full ? choice < 6 : choice < 1) return { op: 'remove', path };
  if (choice < 8) return { op: 'replace', path, value: anything(1) };
  if (array) return { op: 'add', path, value: anything(1) };
  return { op: full ? 'move' : 'copy', from: path, path: `/public/ui/${escape(pick(KEYS))}` };
}

let wanted = 0; // changes to be made until the next rest
let made = 0;
let newest = 0;
let refused = 0;

async function write(reader) {
  while (made < wanted) {
    const document = reader.value?.ui;
    if (!container(document)) { await sleep(5); continue; }
    const full = size(document) > ROOM;
    const patch = Array.from({ length: 1 + below(2) }, () => operation(document, full));
    try {
      const outcome = await server.call('db.apply', { patch });
      if (outcome.changed) { made++; newest = Math.max(newest, outcome.revision); }
    } catch (error) {
      if (!error.rpc) { await sleep(10); continue; } // the daemon is away
      // The place is another by now, or the patch never fitted; the next one will.
      if (!['not_found', 'invalid_params', 'conflict'].includes(error.rpc.data.kind)) fail(error.rpc);
      refused++;
    }
  }
}

// --- the daemon --------------------------------------------------------------------------------

const pid = () => Number(readFileSync(`${data}/daemon/daemon.pid`, 'utf8'));
const start = () => execFileSync('moon-cli', ['--data-dir', data, 'daemon', 'start'], { stdio: 'ignore' });

async function kill() {
  process.kill(pid(), 'SIGKILL');
  await sleep(below(20));
  start();
}

// --- comparing ---------------------------------------------------------------------------------

/// What a reader of a scope, with wildcards perhaps, sees.
function view(value, way) {
  if (!way.length) return value;
  if (way[0] === '*') {
    if (!container(value)) return undefined;
    return Object.fromEntries(Object.keys(value).map((key) => [key, view(value[key], way.slice(1))])
      .filter(([, seen]) => seen !== undefined));
  }
  return container(value) && Object.hasOwn(value, way[0]) ? view(value[way[0]], way.slice(1)) : undefined;
}

/// Asks until there is an answer: a connection kept from before a kill may be found dead only now.
async function certain(method, params) {
  for (let tries = 1; ; tries++) {
    try { return await server.call(method, params); } catch (error) { if (error.rpc || tries === 100) throw error; }
    await sleep(10);
  }
}

async function compare(readers) {
  const { id } = await certain('db.dump', { pointer: '' });
  if (id < newest) fail(`revision ${newest} was acknowledged and is gone`);
  await certain('db.put', { pointer: '/private/rest', value: id }); // nobody public sees it
  const now = await certain('db.dump', { pointer: '' });
  await Promise.all(readers.map((reader) => reader.reach(now.id)));
  for (const reader of readers) {
    const seen = view(now.value, tokens(reader.scope)) ?? null;
    if (reader.id !== now.id) fail(`${reader.scope} is at ${reader.id}, not ${now.id}`);
    if (!isDeepStrictEqual(reader.value, seen)) {
      fail(`${reader.scope} is not the same`, JSON.stringify(reader.value).slice(0, 2000), JSON.stringify(seen).slice(0, 2000));
    }
  }
}

/// Breaks connections and kills the daemon at their times, of this part of the changes.
async function disturb(readers, disconnects, kills) {
  const from = made;
  const events = [...Array(disconnects).fill('disconnect'), ...Array(kills).fill('kill')]
    .map((what) => ({ what, at: from + 1 + below(Math.max(1, wanted - from - 1)) }))
    .sort((a, b) => a.at - b.at);
  for (const { what, at } of events) {
    while (made < at) await sleep(2);
    if (what === 'kill') await kill();
    else while (!pick(readers).disconnect()) await sleep(2);
  }
}

(async () => {
  await server.call('db.put', { pointer: '/public/ui', value: { list: [1, { a: 2 }, [3]] } });
  const scopes = ['/public', '/public/ui/list', '/public/ui/list/1', '/public/ui/*/a', '/public/ui/*', '', '/private'];
  const readers = scopes.map((scope) => new Mirror(server, scope, true));
  readers.push(new Mirror(server, '/public', false));
  const rests = KILLS;
  for (let rest = 1; rest <= rests; rest++) {
    wanted = Math.floor((CHANGES * rest) / rests);
    const share = (total) => Math.floor((total * rest) / rests) - Math.floor((total * (rest - 1)) / rests);
    await Promise.all([disturb(readers, share(DISCONNECTS), share(KILLS)),
      ...Array.from({ length: WRITERS }, () => write(readers[0]))]);
    await compare(readers);
  }
  const count = (what) => readers.reduce((sum, reader) => sum + reader.counts[what], 0);
  if (count('resumed') === 0) fail('nobody was told only what was missing');
  if (count('opened') < readers.length + DISCONNECTS) fail('too few connections');
  console.log(`${made} changes (${refused} refused), ${count('revisions')} revisions and ${count('dumps')} dumps told,`,
    `${count('resumed')} of ${count('opened')} connections resumed; content`);
  process.exit(0);
})().catch((error) => fail(error.rpc ?? error));
