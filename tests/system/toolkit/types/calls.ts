import type { Client, ErrorKind, Params, Result } from './moonbox';

declare const client: Client;

async function calls(): Promise<void> {
  const text: string = await client.call('echo', { message: 'hi' });
  const { revision } = await client.call('db.put', { pointer: '/public/ui', value: { a: [1, null] } });
  const next: number = revision + 1;
  await client.call('server.info');
  await client.call('package.start', { id: 'hello', wait: true });
  const params: Params<'package.start'> = { id: 'hello' };
  const nothing: Result<'package.start'> = null;
  const kind: ErrorKind = 'not_found';
  void [text, next, params, nothing, kind];
  // WRONG await client.call('ehco', { message: 'hi' });
  // WRONG await client.call('echo', { mesage: 'hi' });
  // WRONG await client.call('echo');
  // WRONG await client.call('package.start', { id: 7 });
  // WRONG const number: number = await client.call('echo', { message: 'hi' });
  // WRONG const wrong: ErrorKind = 'nonsense';
}
void calls;
