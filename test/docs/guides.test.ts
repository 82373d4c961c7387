import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { reservePort } from '../../scripts/local-stack/ports';
import { startStrictAws, type StrictAws } from '../support/aws/strict-aws';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { createTenant, startEverhook, type EverhookProcess, type Surroundings } from '../support/everhook';
import { devServer, testTaskQueue } from '../support/temporal';
import { codeBlocks, readDocument, root } from './documents';
import { guidePages as pages } from './pages';
import { walk, wrongAnswers, type Walked } from './shell';
import { stepsOf } from './walkthrough';

const shownPort = '9010';
const shownMetrics = 'http://localhost:9464';
const examples = path.join('docs', 'examples');

let database: TestDatabase;
let aws: StrictAws;
let everhook: EverhookProcess;
let surroundings: Surroundings;
let directory: string;
const ports = new Map<string, string>();
const walks = new Map<string, Promise<Walked>>();

beforeAll(async () => {
  database = await createTestDatabase();
  aws = await startStrictAws();
  // What docs/guides/sensedia.md takes to be in the account.
  const { gateway } = aws.region('eu-central-1');
  for (const id of ['1el57v', '2bc68w']) {
    const apiStages = [{ apiId: '5aba4csvd4', stage: id }];
    gateway.plans.set(id, { id, name: id, apiStages, keys: new Set() });
  }
  directory = await mkdtemp(path.join(os.tmpdir(), 'everhook-guides-'));
  for (const page of pages) ports.set(page, String(await reservePort()));
  surroundings = {
    databaseUrl: database.url,
    temporalAddress: devServer().address,
    taskQueue: testTaskQueue(),
    allow: [...ports.values()].map((port) => `http://localhost:${port}`),
    settings: {
      TEMPORAL_UI_URL: devServer().uiUrl,
      // As in the demo, but for the consents: a newcomer has more patience.
      RETRY_BASE: '1s',
      CONSENT_DECISION_TIMEOUT: '12s',
      AWS_ENDPOINT_URL: aws.url,
      AWS_ACCESS_KEY_ID: 'stand-in',
      AWS_SECRET_ACCESS_KEY: 'stand-in',
    },
  };
  everhook = await startEverhook('start', surroundings);
  // The tutorial waits for retries and a deadline; the guides, one after the other, take about as long.
  const [tutorial = '', ...guides] = pages;
  let turn: Promise<unknown> = Promise.resolve();
  for (const page of [...guides, tutorial]) {
    const walked = page === tutorial ? paste(page) : turn.then(() => paste(page));
    turn = walked.catch(() => {});
    walks.set(page, walked);
  }
}, 60_000);

afterAll(async () => {
  await everhook?.stop();
  await aws?.stop();
  await database?.drop();
  await rm(directory, { recursive: true, force: true });
});

/** What `until` comments say. */
const functions = `
api() { command curl -s --noproxy '*' -H "authorization: Bearer $RUNNER_TOKEN" "$EVERHOOK_URL$1"; }
deliveryIs() { api "/api/v1/deliveries/$2" | grep -q '"status":"'"$1"'"'; }
attempted() { api "/api/v1/deliveries/$1" | grep -q '"number":1'; }
nothingPending() { api '/api/v1/deliveries?status=pending' | grep -q '"data":\\[\\]'; }
received() { [ "$(grep -c '^=> ' "$RECEIVED")" -ge "$1" ]; }
receiverListens() { (exec 3<>"/dev/tcp/localhost/$RECEIVER_PORT") 2>/dev/null; }
`;

async function tokenOf({ clientId, clientSecret }: { clientId: string; clientSecret: string }): Promise<string> {
  const answer = await fetch(`${everhook.url}/oauth2/token`, {
    method: 'POST',
    body: new URLSearchParams({ grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret }),
  });
  return ((await answer.json()) as { access_token: string }).access_token;
}

/** Runs all blocks of a page in one shell. */
async function paste(page: string): Promise<Walked> {
  const port = ports.get(page) ?? '';
  const credentials = await createTenant(surroundings, path.basename(page));
  const steps = stepsOf(readDocument(page)).map((step) => {
    const receives = /^.*receiver.*&$/m.test(step.commands);
    return receives ? { ...step, until: ['receiverListens', ...step.until] } : step;
  });
  const env = {
    RECEIVER_PORT: port,
    RUNNER_TOKEN: await tokenOf(credentials),
    EVERHOOK_URL: everhook.url,
    EVERHOOK_CLIENT_ID: credentials.clientId,
    EVERHOOK_CLIENT_SECRET: credentials.clientSecret,
    DATABASE_URL: database.url,
    TMPDIR: directory,
  };
  const places: [string, string][] = [
    [shownMetrics, everhook.operationsUrl],
    [shownPort, port],
  ];
  return walk({ steps, functions, places, env, cwd: root, timeoutMs: 240_000 });
}

it.each(pages)(
  '%s works as it is pasted, and shows what it gets',
  async (page) => {
    const walked = (await walks.get(page)) ?? { printed: new Map<string, string>(), failure: 'not run' };
    expect(walked.failure).toBeNull();
    expect(wrongAnswers(stepsOf(readDocument(page)), walked)).toEqual([]);
  },
  300_000,
);

it.each(pages)('%s shows programs as they are in docs/examples', (page) => {
  const files = readdirSync(path.join(root, examples)).map((name) =>
    readFileSync(path.join(root, examples, name), 'utf8'),
  );
  const shown = codeBlocks(readDocument(page).text).filter(({ language }) => language === 'js');
  expect(shown.filter(({ text }) => !files.includes(text))).toEqual([]);
});
