// Feeds patch-tool the records of json-patch-test-suite and the examples of RFC 6901, section 5.
const assert = require('assert');
const { execFileSync } = require('child_process');

function tool(mode, inputs) {
  const text = inputs.map((each) => JSON.stringify(each)).join('\n') + '\n';
  const lines = execFileSync('patch-tool', [mode], { input: text, encoding: 'utf8' }).split('\n');
  assert.strictEqual(lines.pop(), '');
  assert.strictEqual(lines.length, inputs.length, 'one answer for each line');
  return lines.map((line) => JSON.parse(line));
}

const records = ['tests.json', 'spec_tests.json']
  .flatMap((file) => require(`json-patch-test-suite/${file}`))
  .filter((record) => record.patch && !record.disabled);
tool('apply', records).forEach((answer, i) => {
  const record = records[i];
  const about = JSON.stringify(record);
  if ('error' in record) {
    assert.ok(typeof answer.error === 'string' && answer.error.length > 0, `accepted: ${about}`);
  } else {
    assert.ok('ok' in answer, `refused: ${about}: ${answer.error}`);
    if ('expected' in record) assert.deepStrictEqual(answer.ok, record.expected, about);
  }
});

// A diff leads from each document to what is expected, and a subscriber of the root hears the same.
const changes = records.filter((record) => 'expected' in record && !('error' in record));
const diffs = tool('diff', changes.map(({ doc, expected }) => ({ a: doc, b: expected })));
const ways = changes.map(({ doc }, i) => ({ doc, patch: diffs[i] }));
tool('apply', ways).forEach((answer, i) => assert.deepStrictEqual(answer.ok, changes[i].expected));
const heard = tool('scope', changes.map(({ doc, patch }) => ({ doc, patch, scope: '' })));
tool('apply', changes.map(({ doc }, i) => ({ doc, patch: heard[i] })))
  .forEach((answer, i) => assert.deepStrictEqual(answer.ok, changes[i].expected));

const doc = { foo: ['bar', 'baz'], '': 0, 'a/b': 1, 'c%d': 2, 'e^f': 3, 'g|h': 4, 'i\\j': 5,
  'k"l': 6, ' ': 7, 'm~n': 8 };
const pointers = [['', doc], ['/foo', doc.foo], ['/foo/0', 'bar'], ['/', 0], ['/a~1b', 1],
  ['/c%d', 2], ['/e^f', 3], ['/g|h', 4], ['/i\\j', 5], ['/k"l', 6], ['/ ', 7], ['/m~0n', 8]];
tool('pointer', pointers.map(([pointer]) => ({ doc, pointer })))
  .forEach((answer, i) => assert.deepStrictEqual(answer, { ok: pointers[i][1] }));
for (const [answer, wanted] of [
  [{ doc, pointer: '/none' }, 'missing'], [{ doc, pointer: '/foo/2' }, 'missing'],
  [{ doc, pointer: '/foo/-' }, 'missing'], [{ doc, pointer: '/foo/01' }, 'error'],
  [{ doc, pointer: 'foo' }, 'error'], [{ doc, pointer: '/~2' }, 'error'],
  [{ doc, pointer: '/m~' }, 'error'], [{ doc, pointer: '/foo/+1' }, 'error'],
].map(([input, key]) => [tool('pointer', [input])[0], key])) {
  assert.ok(wanted in answer, `${JSON.stringify(answer)} lacks ${wanted}`);
}
assert.deepStrictEqual(tool('pointer', [{ tokens: ['a/b', '~', 'é', ''] }]), [{ pointer: '/a~1b/~0/é/' }]);
console.log(`${records.length} records, ${pointers.length} pointers`);
