// usage: clients.js CERTIFICATE SOCKET HTTP TLS-LINES HTTPS…
const assert = require('assert');
const fs = require('fs');
const jayson = require('jayson/promise');
const { WebSocket } = require('ws');

const [certificate, socket, http, lines, ...https] = process.argv.slice(2);
const ca = fs.readFileSync(certificate);

function endpoint(address) {
  const [, host, port] = address.match(/^\[?(.*?)\]?:(\d+)$/);
  return { host, port: Number(port) };
}

async function ask(name, client) {
  const one = await client.request('echo', { message: `to ${name} äöü ☃` });
  assert.strictEqual(one.result, `to ${name} äöü ☃`, name);
  assert.strictEqual(one.jsonrpc, '2.0', name);
  const none = await client.request('no.such.method', {});
  assert.strictEqual(none.error.code, -32601, name);
  const wrong = await client.request('echo', { message: 5 });
  assert.strictEqual(wrong.error.code, -32602, name);
  const many = [...Array(20).keys()].map((n) => client.request('echo', { message: String(n) }));
  (await Promise.all(many)).forEach((answer, n) => assert.strictEqual(answer.result, String(n), name));
  const batch = await client.request([
    client.request('echo', { message: 'first' }, undefined, false),
    client.request('echo', { message: 'second' }, undefined, false),
  ]);
  assert.deepStrictEqual(batch.map((answer) => answer.result), ['first', 'second'], name);
  await client.request('echo', { message: 'nobody hears this' }, null);
}

function converse(name, url, options) {
  return new Promise((resolve, reject) => {
    const talk = new WebSocket(url, options);
    const sent = 500;
    let got = 0;
    const count = () => {
      got++;
      if (got === sent + 1) talk.close(1000, 'done');
    };
    talk.on('error', (error) => reject(new Error(`${name}: ${error.message}`)));
    talk.on('open', () => {
      for (let id = 0; id < sent; id++) {
        const text = JSON.stringify({ jsonrpc: '2.0', id, method: 'echo', params: { message: `#${id}` } });
        if (id % 2 === 0) {
          talk.send(text);
        } else {
          talk.send(text.slice(0, 10), { fin: false });
          talk.send(text.slice(10), { fin: true });
        }
      }
      talk.ping('are you there');
    });
    talk.on('pong', (data) => {
      assert.strictEqual(String(data), 'are you there', name);
      count();
    });
    talk.on('message', (data, binary) => {
      assert(!binary, name);
      const answer = JSON.parse(data);
      assert.strictEqual(answer.result, `#${answer.id}`, name);
      count();
    });
    talk.on('close', (code) => {
      if (code === 1000 && got === sent + 1) resolve();
      else reject(new Error(`${name}: closed with ${code} after ${got} answers`));
    });
  });
}

(async () => {
  await ask('http', jayson.client.http({ ...endpoint(http), path: '/rpc/v1' }));
  await ask('unix', jayson.client.http({ socketPath: socket, path: '/rpc/v1' }));
  for (const address of https) {
    await ask(`https ${address}`, jayson.client.https({ ...endpoint(address), path: '/rpc/v1', ca }));
  }
  await ask('tls lines', jayson.client.tls({ ...endpoint(lines), ca }));
  await converse('ws', `ws://${http}/rpc/v1`);
  await converse('wss', `wss://${https[0]}/rpc/v1`, { ca });
  await converse('ws over the Unix socket', `ws+unix://${socket}:/rpc/v1`);
  console.log('all clients are content');
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
