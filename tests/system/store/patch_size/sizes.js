'use strict';
const { execFileSync } = require('node:child_process');
const { isDeepStrictEqual } = require('node:util');
const fast = require('fast-json-patch');
const rfc6902 = require('rfc6902');

let seed = 20261121;
/** A number from 0 to limit - 1, the same in every run. */
function below(limit) {
  seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
  return (seed >> 8) % limit;
}
const pick = (list) => list[below(list.length)];
const word = () => pick(['alpha', 'beta', 'running', 'stopped', 'a longer text about nothing', 'x', '']) + below(50);
const copy = (value) => JSON.parse(JSON.stringify(value));
const scalar = () => pick([() => below(1000), word, () => below(2) === 0, () => null, () => below(100) / 8])();
const many = (count, make) => Array.from({ length: count }, (_, i) => make(i));
const object = (count, make) => Object.fromEntries(many(count, (i) => [pick(['key', 'name', 'a/b', 'id-']) + i, make(i)]));
const record = (i) => ({ id: i, name: word(), state: pick(['running', 'stopped']), tags: many(below(4), word) });
const service = (i) => ({
  status: { health: object(3, () => ({ result: pick(['success', 'failure']), message: word() })), started: below(9999) },
  manifest: { title: word(), version: `${below(9)}.${below(9)}`, description: word().repeat(5) },
  hosts: object(2, () => ({ port: below(65536), addresses: many(below(4), word) })),
  n: i,
});

/** Sorts of documents, and for each sorts of changes in place. */
const documents = {
  settings: () => object(8, scalar),
  services: () => ({ public: { packageData: object(4 + below(5), service) } }),
  numbers: () => many(10 + below(30), () => below(100)),
  words: () => many(5 + below(30), word),
  records: () => many(3 + below(12), record),
  nested: () => ({ list: many(5, (i) => many(4, () => below(10) + i)), map: object(4, () => object(3, scalar)) }),
};

/** Every array or object of a document. */
function containers(value, found = []) {
  if (value === null || typeof value !== 'object') return found;
  found.push(value);
  Object.values(value).forEach((inner) => containers(inner, found));
  return found;
}

const changes = {
  leaf(document) {
    const at = pick(containers(document));
    const keys = Object.keys(at);
    if (keys.length > 0) at[pick(keys)] = scalar();
  },
  add(document) {
    const at = pick(containers(document));
    const fresh = pick([scalar, () => record(7)])();
    if (Array.isArray(at)) at.splice(below(at.length + 1), 0, fresh);
    else at['new' + below(100)] = fresh;
  },
  remove(document) {
    const at = pick(containers(document));
    const keys = Object.keys(at);
    if (keys.length === 0) return;
    if (Array.isArray(at)) at.splice(below(at.length), 1);
    else delete at[pick(keys)];
  },
  swap(document) {
    const arrays = containers(document).filter((at) => Array.isArray(at) && at.length > 1);
    if (arrays.length === 0) return;
    const at = pick(arrays);
    const i = below(at.length);
    const k = below(at.length);
    [at[i], at[k]] = [at[k], at[i]];
  },
  rotate(document) {
    const arrays = containers(document).filter((at) => Array.isArray(at) && at.length > 1);
    if (arrays.length > 0) {
      const at = pick(arrays);
      at.push(at.shift());
    }
  },
  replace(document) {
    const at = pick(containers(document));
    const keys = Object.keys(at);
    if (keys.length > 0) at[pick(keys)] = pick([() => many(3, scalar), () => object(3, scalar)])();
  },
};

const pairs = [];
for (const [sort, make] of Object.entries(documents)) {
  for (const change of Object.keys(changes)) {
    for (let i = 0; i < 20; ++i) {
      const a = make();
      const b = copy(a);
      for (let k = below(4); k >= 0; --k) changes[change](b);
      if (!isDeepStrictEqual(a, b)) pairs.push({ sort: `${sort}, ${change}`, a, b });
    }
  }
}

const bytes = (patch) => Buffer.byteLength(JSON.stringify(patch));
function correct(pair, patch) {
  try {
    return isDeepStrictEqual(fast.applyPatch(copy(pair.a), copy(patch)).newDocument, pair.b);
  } catch {
    return false;
  }
}

const input = pairs.map(({ a, b }) => JSON.stringify({ a, b })).join('\n') + '\n';
const answers = execFileSync('patch-tool', ['diff'], { input, maxBuffer: 1 << 28 }).toString().trimEnd().split('\n');
const totals = { ours: 0, best: 0 };
let notLarger = 0;
const wrong = [];
pairs.forEach((pair, i) => {
  const ours = JSON.parse(answers[i]);
  const whole = [{ op: 'replace', path: '', value: pair.b }];
  const theirs = [fast.compare(pair.a, pair.b), rfc6902.createPatch(pair.a, pair.b)].filter((patch) => correct(pair, patch));
  const best = Math.min(...[...theirs, whole].map(bytes));
  const size = Buffer.byteLength(answers[i]);
  if (!correct(pair, ours)) wrong.push(`${pair.sort}: a wrong patch: ${answers[i]}`);
  if (size > best * 1.25 + 16) wrong.push(`${pair.sort}: ${size} bytes, the best has ${best}: ${answers[i]}`);
  if (size <= best) ++notLarger;
  totals.ours += size;
  totals.best += best;
});
console.log(`${pairs.length} pairs: not larger than the best in ${notLarger}; ${totals.ours} bytes, the best of the others ${totals.best}`);
if (notLarger < pairs.length * 0.9) wrong.push(`only ${notLarger} of ${pairs.length} are not larger than the best`);
if (wrong.length > 0) {
  console.error(wrong.slice(0, 5).join('\n'));
  process.exit(1);
}
