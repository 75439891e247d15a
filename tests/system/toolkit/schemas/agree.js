// agree.js DOCUMENT SOCKET: sends values to `probe` and asks its JSON Schema about each of them. Prints
// how many there were.
const fs = require('fs');
const net = require('net');
const Ajv = require('ajv/dist/2020').default;

// [parameter, values that fit, values that do not]. The server takes null for absent; who goes by the
// schema leaves the member out.
const VALUES = [
  ['string', ['ab', 'a_-9'], ['a', 'abcde', 'AB', '', 7, ['ab']]],
  ['text', ['', 'x'], [1, {}]],
  ['secret', ['abc'], ['ab', 3]],
  ['integer', [-1, 9, 0, 3.0], [-2, 10, 1.5, '3', true]],
  ['number', [1.5, -7e300], ['1.5', [], false]],
  ['int64', [7], [1.5, 'x']],
  ['boolean', [true, false], [0, 'true', {}]],
  ['flag', [true, false], [1, 'yes']],
  ['enum', ['a', 'b'], ['c', 1, ['a']]],
  ['bytes', ['aGk='], [7]],
  ['datetime', ['2026-01-31T12:00:00Z'], [1]],
  ['path', ['/a'], ['a', '', 3]],
  ['pointer', ['', '/a~1b'], [4]],
  ['packageId', ['a', 'a-b2'], ['A', 'a--b', '-a', 'x'.repeat(65), '']],
  ['guid', ['A2'.repeat(16)], ['A', 'a2'.repeat(16)]],
  ['url', ['https://host/path'], [1]],
  ['list', [[1], [1, 2]], [[], [1, 2, 3], ['x'], 'x', { a: 1 }]],
  ['map', [{}, { a: true }], [{ a: 1 }, [true], 'x']],
  ['object', [{ need: 'x' }, { need: 'x', may: 1 }], [{}, { need: 1 }, { need: 'x', more: 1 }, 'x']],
  ['open', [{ need: 'x', more: [1] }], [{ more: 1 }]],
  ['nullable', ['x', null], ['y', 1]],
  ['union', [1, ['a']], ['a', [1], true]],
  ['tagged', [{ type: 'file', path: 'a' }, { type: 'none' }],
    [{ type: 'file' }, { type: 'other' }, { path: 'a' }, { type: 'none', path: 'a' }]],
  ['any', [1, 'x', [null], { a: {} }], []],
  ['duration', [3, '5s'], [[], true]],
  ['size', [1024, '1K'], [{}, false]],
  ['unknown', [], [1]],
];

const document = JSON.parse(fs.readFileSync(process.argv[2]));
const method = document.methods.find((one) => one.name === 'probe');
const properties = Object.fromEntries(method.params.map((param) => [param.name, param.schema]));
const fits = new Ajv({ strict: false, validateFormats: false })
  .compile({ type: 'object', properties, additionalProperties: false });

const tries = VALUES.flatMap(([key, good, bad]) => [
  ...good.map((value) => ({ key, value, wanted: true })),
  ...bad.map((value) => ({ key, value, wanted: false })),
]);

const socket = net.connect(process.argv[3]);
socket.write(tries.map(({ key, value }, id) =>
  JSON.stringify({ id, method: 'probe', params: { [key]: value } }) + '\n').join(''));
socket.end();
let text = '';
socket.on('data', (part) => { text += part; });
socket.on('end', () => {
  const answers = text.trim().split('\n').map((line) => JSON.parse(line));
  const wrong = tries.flatMap(({ key, value, wanted }, id) => {
    const answer = answers.find((one) => one.id === id);
    const server = answer.result === 'taken';
    const schema = fits({ [key]: value });
    return server === wanted && schema === wanted ? []
      : [{ key, value, wanted, server, schema, error: answer.error?.data?.details }];
  });
  wrong.forEach((one) => console.error(JSON.stringify(one)));
  console.log(tries.length);
  process.exit(wrong.length ? 1 : 0);
});
