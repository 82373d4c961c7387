import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { reservePort } from '../../scripts/local-stack/ports';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { createTenant, startEverhook, tenantApi, type EverhookProcess } from '../support/everhook';
import { devServer, testTaskQueue } from '../support/temporal';
import { codeBlocks, documents, readDocument, section } from './documents';
import { difference } from './walkthrough';

const run = promisify(execFile);
const readmePort = '9010';
const example = codeBlocks(section(readDocument('README.md'), '## The API by example'));

interface Delivery {
  status: string;
  attempts: { statusCode: number | null }[];
}

let database: TestDatabase;
let everhook: EverhookProcess;
let directory: string;
let port: string;
let surroundings: Parameters<typeof createTenant>[0];

beforeAll(async () => {
  database = await createTestDatabase();
  directory = await mkdtemp(path.join(os.tmpdir(), 'everhook-readme-'));
  port = String(await reservePort());
  surroundings = {
    databaseUrl: database.url,
    temporalAddress: devServer().address,
    taskQueue: testTaskQueue(),
    allow: [`http://localhost:${port}`],
    settings: { TEMPORAL_UI_URL: devServer().uiUrl },
  };
  everhook = await startEverhook('start', surroundings);
});

afterAll(async () => {
  await everhook?.stop();
  await database?.drop();
  await rm(directory, { recursive: true, force: true });
});

/** The blocks of the README one after the other in one shell, as somebody would paste them. */
async function pasteAll(credentials: { clientId: string; clientSecret: string }): Promise<Record<string, string>> {
  const receiver = example.find(({ language }) => language === 'js')?.text ?? '';
  await writeFile(path.join(directory, 'receiver.mjs'), receiver.replaceAll(readmePort, port));
  const pasted = example
    .filter(({ language }) => language === 'sh')
    .map(({ text }) => text.replaceAll(readmePort, port))
    // A person is slower than this shell: the receiver listens and the delivery has arrived when they go on.
    .map((text) => (text.includes('node receiver.mjs') ? `${text}untilReceiverListens\n` : text))
    .map((text) => (text.includes('PUBLISHED=') ? `${text}untilDelivered\n` : text))
    .join('\n');
  const script = `
set -euo pipefail
curl() { command curl --fail-with-body --noproxy '*' "$@"; }
untilReceiverListens() { until command curl -s --noproxy '*' -o /dev/null "http://localhost:${port}/"; do sleep 0.05; done; }
statusOfDelivery() { curl -s "$EVERHOOK_URL/api/v1/deliveries/$DELIVERY" -H "$AUTH" | field status; }
untilDelivered() { until [ "$(statusOfDelivery)" != pending ]; do sleep 0.05; done; }
trap 'kill $(jobs -p)' EXIT
${pasted}
printf '\\n%s' "WEBHOOK=$WEBHOOK" "SECRET=$SECRET" "DELIVERY=$DELIVERY"
`;
  const { stdout } = await run('bash', ['-c', script], {
    cwd: directory,
    env: {
      PATH: process.env.PATH,
      EVERHOOK_URL: everhook.url,
      EVERHOOK_CLIENT_ID: credentials.clientId,
      EVERHOOK_CLIENT_SECRET: credentials.clientSecret,
    },
  });
  const set = [...stdout.matchAll(/^(WEBHOOK|SECRET|DELIVERY)=(.+)$/gm)];
  return { stdout, ...Object.fromEntries(set.map(([, name, value]) => [name, value])) };
}

it('the API by example works as it is pasted, and its receiver takes the signature', async () => {
  const credentials = await createTenant(surroundings);
  const pasted = await pasteAll(credentials);
  const api = await tenantApi(() => everhook.url, credentials);

  expect(pasted.SECRET).toMatch(/^whsec_/);
  const { body: delivery } = await api.call<Delivery>('GET', `/api/v1/deliveries/${pasted.DELIVERY}`);
  expect(delivery).toMatchObject({ status: 'delivered', attempts: [{ statusCode: 204 }] });
  const shown = example.find(({ language }) => language === 'json')?.text ?? '';
  expect(difference({ language: 'json', text: shown }, JSON.stringify(delivery))).toBeNull();
  expect(pasted.stdout).toContain('event hello-42: {"type":"everhook.test"');
  expect((await api.call('GET', `/api/v1/webhooks/${pasted.WEBHOOK}`)).status).toBe(200);
}, 60_000);

it('its receiver refuses what is not signed, signed otherwise, or old', async () => {
  const source = example.find(({ language }) => language === 'js')?.text ?? '';
  const verify = /^function isGenuine[\s\S]*?^}$/m.exec(source)?.[0] ?? '';
  const file = path.join(directory, 'verify.mjs');
  await writeFile(
    file,
    `import { createHmac, timingSafeEqual } from 'node:crypto';
     import { Webhook } from ${JSON.stringify(require.resolve('standardwebhooks'))};
     ${verify}
     const secret = 'whsec_' + Buffer.alloc(32, 7).toString('base64');
     const other = 'whsec_' + Buffer.alloc(32, 8).toString('base64');
     const body = Buffer.from('{"type":"everhook.test"}');
     const headers = (at, ...secrets) => ({
       'webhook-id': 'e1',
       'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
       'webhook-signature': secrets.map((one) => new Webhook(one).sign('e1', at, body.toString())).join(' '),
     });
     const now = new Date();
     console.log(JSON.stringify({
       signed: isGenuine(secret, headers(now, secret), body),
       duringRotation: isGenuine(secret, headers(now, other, secret), body),
       otherSecret: isGenuine(secret, headers(now, other), body),
       unsigned: isGenuine(secret, {}, body),
       empty: isGenuine(secret, { ...headers(now, secret), 'webhook-signature': '' }, body),
       otherBody: isGenuine(secret, headers(now, secret), Buffer.from('{}')),
       old: isGenuine(secret, headers(new Date(now.getTime() - 301_000), secret), body),
     }));`,
  );
  const { stdout } = await run(process.execPath, [file]);
  expect(JSON.parse(stdout)).toEqual({
    signed: true,
    duringRotation: true,
    otherSecret: false,
    unsigned: false,
    empty: false,
    otherBody: false,
    old: false,
  });
});

it('every path of the API that the documents name is in the OpenAPI document', async () => {
  const answer = await fetch(`${everhook.url}/openapi.json`);
  const { paths } = (await answer.json()) as { paths: Record<string, Record<string, unknown>> };
  const patterns = Object.keys(paths).map((known) => new RegExp(`^${known.replaceAll(/\{\w+\}/g, '[^/]+')}$`));
  const named = documents().flatMap(({ text }) =>
    [...text.matchAll(/(?<=[\s`"L])\/(?:api|v1|oauth2)\/[\w/${}.-]*/g)].map(([name]) => name.replace(/[/.]$/, '')),
  );
  expect(named.length).toBeGreaterThan(15);
  expect(named.filter((name) => !patterns.some((known) => known.test(name)))).toEqual([]);
});
