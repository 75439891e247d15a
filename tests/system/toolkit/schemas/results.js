// results.js DOCUMENT SOCKET: calls methods of each group as they are meant to be called and holds their
// results against the schemas of the document. Prints how many methods answered.
const fs = require('fs');
const net = require('net');
const Ajv = require('ajv/dist/2020').default;

// In this order. `$name` is what an earlier call gave under that name.
const CALLS = [
  ['echo', { message: 'hi' }], ['state'], ['git-info'],
  ['daemon.ping'], ['daemon.status'], ['daemon.hello', { protocol: { min: 0, max: 9 } }],
  ['server.info'], ['server.version'], ['server.metrics'], ['server.time'], ['server.device-info'],
  ['server.logs', { limit: 3 }], ['server.logs', { limit: 2, before: true }], ['server.prometheus'],
  ['server.set-language', { language: 'pl_PL' }], ['server.set-language', { language: 'en_US' }],
  ['server.logs.follow'], ['server.metrics.follow', { interval: 60 }],
  ['rpc.discover'],
  ['script.status'], ['script.files'], ['script.methods'], ['script.failures'], ['script.reload'],
  ['script.eval', { code: 'return 1' }], ['script.complete', { line: 'tab' }],
  ['script.sample', { seconds: 1 }],
  ['event.list', { limit: 3 }], ['event.subscribe', { type: 'job' }, 'subscription'],
  ['event.unsubscribe', { sub: '$subscription.sub' }], ['event.unsubscribe', { sub: 999 }],
  ['job.list'],
  ['notification.create', { level: 'info', title: 'a', message: 'b' }, 'one'],
  ['notification.create', { level: 'error', title: 'c', message: 'd', package: 'x' }],
  ['notification.list'], ['notification.list', { limit: 1 }],
  ['notification.mark-seen', { ids: ['$one'] }], ['notification.mark-unseen', { ids: ['$one'] }],
  ['notification.mark-seen-before', { before: '$one' }], ['notification.remove', { ids: ['$one'] }],
  ['notification.remove-before', { before: 99 }],
  ['db.put', { pointer: '/public/ui/a', value: { b: [1, null] } }],
  ['db.put.ui', { pointer: '/c', value: 2 }],
  ['db.get', { pointer: '/public/ui' }], ['db.dump'], ['db.dump', { pointer: '' }],
  ['db.apply', { patch: [{ op: 'remove', path: '/public/ui/c' }] }, 'applied'],
  ['db.history', { limit: 2, patch: true }], ['db.revert', { first: '$applied.revision' }],
  ['db.migrations'], ['db.stats'], ['db.check'], ['db.subscribe'],
  ['auth.reset-password', { newPassword: 'correct horse battery' }],
  ['auth.login', { password: 'correct horse battery', returnToken: true }],
  ['auth.session.list', {}, 'sessions'], ['auth.session.kill', { ids: ['nobody'] }],
  ['auth.key.list'], ['package.list'],
];

const document = JSON.parse(fs.readFileSync(process.argv[2]));
const ajv = new Ajv({ strict: false, validateFormats: false });
const given = {};
const filled = (value) => {
  if (typeof value === 'string' && value.startsWith('$')) {
    return value.slice(1).split('.').reduce((from, name) => from[name], given);
  }
  if (Array.isArray(value)) return value.map(filled);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, filled(each)]));
};
const fail = (...words) => { console.error(...words); process.exit(1); };

const socket = net.connect(process.argv[3]);
let at = 0;
let text = '';
const answered = new Set();
const next = () => {
  if (at === CALLS.length) { console.log(answered.size); process.exit(0); }
  const [method, params = {}] = CALLS[at];
  socket.write(JSON.stringify({ id: at, method, params: filled(params) }) + '\n');
};
const take = (answer) => {
  if (answer.id !== at) return;
  const [name, params, called] = CALLS[at];
  if (answer.error) fail(name, JSON.stringify(params), 'is refused:', JSON.stringify(answer.error));
  const method = document.methods.find((one) => one.name === name);
  if (!method) fail(name, 'is not in the document');
  const fits = ajv.compile({ ...method.result.schema, components: document.components });
  if (!fits(answer.result)) {
    fail(name, JSON.stringify(answer.result).slice(0, 400), 'does not fit:', JSON.stringify(fits.errors));
  }
  if (called) given[called] = answer.result;
  answered.add(name);
  at += 1;
  next();
};
socket.on('data', (part) => {
  text += part;
  for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
    const line = text.slice(0, end);
    text = text.slice(end + 1);
    take(JSON.parse(line));
  }
});
next();
