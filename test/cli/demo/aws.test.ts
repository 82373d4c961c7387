import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { nowhere, startDemoAws } from '../../../src/cli/demo/aws';
import { startDenyingProxy } from '../../../src/cli/demo/denying-proxy';
import { createTeardown } from '../../../src/cli/demo/teardown';

test('one usage plan can be attached by nobody; everything else passes as it is', async () => {
  const passed: string[] = [];
  const upstream = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(Buffer.from(chunk));
      passed.push(`${request.method} ${request.url} ${Buffer.concat(chunks).toString()}`);
      response.writeHead(201, { 'x-answer': 'of AWS' }).end('{"id":"made"}');
    })();
  }).listen(0, '127.0.0.1');
  await once(upstream, 'listening');
  const proxy = await startDenyingProxy(`http://127.0.0.1:${(upstream.address() as AddressInfo).port}`, 'plan2');
  try {
    const post = (path: string) => fetch(proxy.url + path, { method: 'POST', body: '{"keyId":"k"}' });
    const other = await post('/usageplans/plan1/keys?a=b');
    expect([other.status, other.headers.get('x-answer'), await other.json()]).toEqual([201, 'of AWS', { id: 'made' }]);
    const read = await fetch(`${proxy.url}/usageplans/plan2/keys`);
    expect(read.status).toBe(201);
    expect(proxy.denials()).toBe(0);

    const denied = await post('/usageplans/plan2/keys');
    expect([denied.status, denied.headers.get('x-amzn-errortype')]).toEqual([403, 'AccessDeniedException']);
    expect(proxy.denials()).toBe(1);
    expect(passed).toEqual(['POST /usageplans/plan1/keys?a=b {"keyId":"k"}', 'GET /usageplans/plan2/keys ']);

    upstream.close();
    upstream.closeAllConnections();
    await expect(fetch(`${proxy.url}/usageplans/plan1`)).rejects.toThrow('fetch failed');
  } finally {
    upstream.close();
    await proxy.close();
  }
});

test('without Python one line says what would provide it, and nothing of an account is left to be found', async () => {
  const env = { PATH: '', AWS_ACCESS_KEY_ID: 'mine', AWS_PROFILE: 'work', AWS_SESSION_TOKEN: 'mine' };
  const teardown = createTeardown();
  const aws = await startDemoAws({ env, region: 'eu-central-1', teardown, log: () => {} });
  expect(aws).toMatch(/^no `python3` here: install Python 3.10 .*`apt-get install python3-venv`$/);
  expect(env).toMatchObject({ AWS_ACCESS_KEY_ID: 'demo', AWS_SECRET_ACCESS_KEY: 'demo' });
  expect(JSON.stringify(env)).not.toMatch(/mine|AWS_PROFILE/);
  await expect(fetch(nowhere)).rejects.toThrow('fetch failed');
});
