import { createHmac, randomBytes } from 'node:crypto';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { Webhook } from 'standardwebhooks';
import { reservePort } from '../../scripts/local-stack/ports';
import type { ReceivedDelivery } from '../../src/cli/listen/delivery';
import { deliveryText } from '../../src/cli/listen/text';
import { coloured, plain } from '../../src/cli/paint';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { startReceiver } from '../support/receivers';
import { devServer, testTaskQueue } from '../support/temporal';
import { everhook, everhookJson, killServices, main, startService } from './everhook';

// Every command is a process of its own, and both cores may be busy.
jest.setTimeout(120_000);

const secret = `whsec_${randomBytes(32).toString('base64')}`;
const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

interface Listening {
  url: string;
  webhookId: string | null;
  next(): Promise<ReceivedDelivery>;
  /** Ctrl-C; what it ends with, and all that it printed. */
  end(): Promise<{ exitCode: number | null; text: string }>;
}

async function listen(args: string[], env: NodeJS.ProcessEnv = {}): Promise<Listening> {
  const child = spawn(process.execPath, [main, 'listen', ...args, '--json'], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (text += String(chunk)));
  const closed = once(child, 'close') as Promise<[number | null]>;
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`everhook listen ended: ${text}`);
    return JSON.parse(String(value)) as never;
  };
  const { listening, webhookId } = (await next()) as { listening: string; webhookId: string | null };
  return {
    url: listening,
    webhookId,
    next,
    async end() {
      child.kill('SIGINT');
      const [exitCode] = await closed;
      return { exitCode, text };
    },
  };
}

const event = JSON.stringify({
  type: 'invoice.paid',
  timestamp: '2026-01-31T09:30:00.000Z',
  data: { amount: '99.50' },
});

function signed(id: string, at = new Date(), body = event) {
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': new Webhook(secret).sign(id, at, body),
    'content-type': 'application/json',
  };
}

const post = (url: string, headers: Record<string, string>, body = event) =>
  fetch(`${url}/hooks?a=1`, { method: 'POST', headers, body });

describe('without an API', () => {
  it('says plainly what is genuine and what is not, why, and answers accordingly', async () => {
    const listening = await listen(['--port', '0'], { EVERHOOK_WEBHOOK_SECRET: `${secret},whsec_${'A'.repeat(44)}` });
    const genuine = await post(listening.url, { ...signed('evt_1'), authorization: 'Bearer canary' });
    expect(genuine.status).toBe(204);
    const first = await listening.next();
    expect(first).toMatchObject({
      verdict: 'genuine',
      checks: [{ scheme: 'Standard Webhooks', genuine: true, code: null, reason: null }],
      eventId: 'evt_1',
      eventType: 'invoice.paid',
      method: 'POST',
      path: '/hooks?a=1',
      times: 1,
      body: JSON.parse(event),
      answered: { status: 204, by: 'listen' },
    });
    expect(Object.keys(first.headers)).toEqual(expect.arrayContaining(['webhook-id', 'webhook-signature']));

    const refused = async (headers: Record<string, string>, body?: string) => {
      const { status } = await post(listening.url, headers, body);
      const { verdict, checks, times } = await listening.next();
      expect([status, verdict]).toEqual([401, 'not genuine']);
      return { codes: checks.map(({ code }) => code), times };
    };
    expect(await refused(signed('evt_1'), event.replace('99.50', '0.01'))).toEqual({
      codes: ['signature_mismatch'],
      times: 2,
    });
    expect(await refused(signed('evt_2', new Date(Date.now() - 600_000)))).toMatchObject({
      codes: ['timestamp_too_old'],
    });
    expect(await refused({ 'content-type': 'application/json' })).toMatchObject({ codes: ['missing_header'] });
    const tyk = { ...signed('evt_3'), 'x-signature-sha256': createHmac('sha256', 'other').update(event).digest('hex') };
    expect(await refused(tyk)).toMatchObject({ codes: [null, 'signature_mismatch'] });

    // The second attempt of what came before, by both of Tyk's signatures.
    const again = {
      ...signed('evt_1'),
      'x-signature-sha256': createHmac('sha256', secret).update(event).digest('hex'),
    };
    await post(listening.url, again);
    expect(await listening.next()).toMatchObject({ verdict: 'genuine', times: 2 });

    const { exitCode, text } = await listening.end();
    expect(exitCode).toBe(0);
    expect(text).not.toContain(secret);
    expect(text).not.toContain('canary');
  });

  it('hands on what is genuine, and answers what the app answers', async () => {
    const app = await startReceiver((_request, response) => {
      response.writeHead(503, { 'content-type': 'text/plain' }).end('later');
    });
    const args = ['--port', '0', '--forward', `${app.url}/app`];
    const listening = await listen(args, { EVERHOOK_WEBHOOK_SECRET: secret });
    const answered = await post(listening.url, signed('evt_1'));
    expect([answered.status, await answered.text()]).toEqual([503, 'later']);
    expect(await listening.next()).toMatchObject({ answered: { status: 503, by: 'forward', error: null } });
    expect(app.requests[0]?.path).toBe('/app');
    expect(app.requests[0]?.body.toString()).toBe(event);
    expect(app.requests[0]?.headers).toMatchObject({ 'webhook-id': 'evt_1' });

    expect((await post(listening.url, signed('evt_2'), '{}')).status).toBe(401);
    expect(await listening.next()).toMatchObject({ answered: { by: 'listen' } });
    expect(app.requests).toHaveLength(1);

    await app.close();
    expect((await post(listening.url, signed('evt_3'))).status).toBe(502);
    expect(await listening.next()).toMatchObject({ answered: { status: 502, error: 'ECONNREFUSED' } });
  });

  it('shows without a secret, and says that it did not verify', async () => {
    const listening = await listen(['--port', '0', '--status', '503']);
    expect((await post(listening.url, signed('evt_1'))).status).toBe(503);
    const { verdict, checks } = await listening.next();
    expect([verdict, checks[0]?.code]).toEqual(['unverified', 'nothing_to_verify_with']);
  });

  it.each([
    [['--create'], '--create needs --events'],
    [['--events', 'a.b'], '--events and --url need --create'],
    [['--status', '99'], '--status'],
    [['--port', '65536'], '--port'],
    [['--forward', 'localhost'], '--forward'],
  ])('refuses %j', async (args, message) => {
    const ended = await everhook(['listen', ...args]);
    expect(ended).toMatchObject({ exitCode: 2, stdout: '' });
    expect(ended.stderr).toContain(message);
  });
});

describe('with an API', () => {
  let testDatabase: TestDatabase;
  let client: NodeJS.ProcessEnv;
  let port: number;
  beforeAll(async () => {
    testDatabase = await createTestDatabase();
    port = await reservePort();
    const env = {
      DATABASE_URL: testDatabase.url,
      TEMPORAL_ADDRESS: devServer().address,
      TEMPORAL_TASK_QUEUE: testTaskQueue(),
      ENCRYPTION_KEYS: `k1:${randomBytes(32).toString('base64')}`,
      TOKEN_SIGNING_KEY: randomBytes(32).toString('base64'),
      EGRESS_ALLOW: `http://localhost:${port}`,
    };
    const service = await startService('start', env);
    const tenant = await everhookJson(['tenant', 'create', '--name', 'Acme'], { env });
    client = {
      EVERHOOK_URL: `http://127.0.0.1:${service.apiPort}`,
      EVERHOOK_CLIENT_ID: String(tenant.clientId),
      EVERHOOK_CLIENT_SECRET: String(tenant.clientSecret),
    };
  });
  afterAll(async () => {
    killServices();
    await testDatabase.drop();
  });

  it('registers a webhook of its own, verifies what comes, and deletes it at the end', async () => {
    const listening = await listen(['--port', String(port), '--create', '--events', 'everhook.test'], client);
    const webhooks = await everhookJson(['webhook', 'list'], { env: client });
    expect(webhooks.data).toMatchObject([{ id: listening.webhookId, targetUrl: `http://localhost:${port}` }]);
    await everhookJson(['webhook', 'test', listening.webhookId ?? ''], { env: client });
    expect(await listening.next()).toMatchObject({ verdict: 'genuine', eventType: 'everhook.test' });
    expect((await listening.end()).exitCode).toBe(0);
    expect((await everhookJson(['webhook', 'list'], { env: client })).data).toEqual([]);
  });

  it('deletes it also when nobody reads what it shows any more', async () => {
    const args = ['listen', '--port', String(port), '--create', '--events', 'everhook.test'];
    const child = spawn(process.execPath, [main, ...args], {
      env: { PATH: process.env.PATH, HOME: process.env.HOME, ...client },
    });
    children.push(child);
    const closed = once(child, 'close');
    await once(child.stdout, 'data');
    child.stdout.destroy();
    await post(`http://127.0.0.1:${port}`, {});
    expect(await closed).toEqual([0, null]);
    expect((await everhookJson(['webhook', 'list'], { env: client })).data).toEqual([]);
  });

  it('says what to set where the API does not allow its address', async () => {
    const ended = await everhook(['listen', '--port', '0', '--create', '--events', 'everhook.test'], { env: client });
    expect(ended).toMatchObject({ exitCode: 1, stdout: '' });
    expect(ended.stderr).toMatch(/have EGRESS_ALLOW=http:\/\/localhost:\d+ in the settings of API and workers/);
  });

  it('verifies sovrin deliveries of a webhook with the keys that the API publishes', async () => {
    const basic = [client.EVERHOOK_CLIENT_ID, client.EVERHOOK_CLIENT_SECRET].join(':');
    const token = await fetch(`${client.EVERHOOK_URL}/oauth2/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(basic).toString('base64')}` },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
    });
    const { access_token: bearer } = (await token.json()) as { access_token: string };
    const created = await fetch(`${client.EVERHOOK_URL}/v1/webhooks`, {
      method: 'POST',
      headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
      body: JSON.stringify({ url: `http://localhost:${port}/sovrin`, events: ['OpenIdCredentialIssued'] }),
    });
    const { id } = (await created.json()) as { id: string };
    const listening = await listen(['--port', String(port), '--webhook', id], client);
    await everhookJson(['webhook', 'test', id], { env: client });
    expect(await listening.next()).toMatchObject({
      verdict: 'genuine',
      eventType: 'OpenIdCredentialIssued',
      checks: [
        { scheme: 'Standard Webhooks', genuine: null },
        { scheme: 'HTTP Message Signature', genuine: true },
      ],
    });
    // Sent on to another host by who overheard it.
    const other = await listen(['--port', '0', '--webhook', id], client);
    const last = (await listening.end()).text.split('\n').find((line) => line.includes('"verdict"')) ?? '{}';
    const delivery = JSON.parse(last) as ReceivedDelivery;
    await post(other.url, delivery.headers, JSON.stringify(delivery.body));
    expect(await other.next()).toMatchObject({ verdict: 'not genuine', checks: [{}, { genuine: false }] });
  });
});

describe('for people', () => {
  const delivery: ReceivedDelivery = {
    receivedAt: '2026-01-31T09:30:00.000Z',
    verdict: 'not genuine',
    checks: [{ scheme: 'Standard Webhooks', genuine: false, code: 'timestamp_too_old', reason: 'signed too long ago' }],
    ...{ method: 'POST', path: '/hooks', eventId: 'evt_1', eventType: 'invoice.paid', times: 2, headers: {} },
    body: { amount: '99.50' },
    answered: { status: 401, by: 'listen', durationMs: 0, error: null },
  };

  it('a delivery is a few lines without colours where there is no terminal', () => {
    expect(deliveryText(delivery, plain)).toBe(
      [
        '09:30:00  NOT GENUINE  invoice.paid  evt_1  (came 2 times)',
        '  Standard Webhooks: not genuine, signed too long ago (timestamp_too_old)',
        '  POST /hooks → 401',
        '  {',
        '    "amount": "99.50"',
        '  }',
        '',
      ].join('\n'),
    );
  });

  it('has the colours of its verdict, and nothing of a sender reaches the terminal as it is', () => {
    expect(deliveryText(delivery, coloured)).toContain('\u001b[31mNOT GENUINE\u001b[39m');
    const shown = deliveryText({ ...delivery, eventType: '\u001b[2J', body: 'a\u202eb' }, plain);
    expect(shown).not.toMatch(/[\u001b\u202e]/);
    expect(shown).toContain('\\u{1b}[2J');
  });
});
