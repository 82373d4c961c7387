import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { symlinkSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { reservePort } from '../../scripts/local-stack/ports';
import { temporalExecutable } from '../../scripts/local-stack/temporal';
import { createAuditStore } from '../../src/store/audit';
import { createConsoleSessionStore } from '../../src/store/console-sessions';
import { createDatabase } from '../../src/store/database';
import { startStrictAws, type StrictAws } from '../support/aws/strict-aws';
import { leaveCredential } from '../support/credential-left-behind';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { createTenant, eventually } from '../support/everhook';
import { devServer, testTaskQueue } from '../support/temporal';
import { root } from './documents';
import { fullTemporal, operatorPages, part } from './pages';
import { runnable, walk, wrongAnswers, type Walked } from './shell';
import { stepsOf, type Step } from './walkthrough';

const server = devServer();
/** One of its own: there the task queue and the deployment have the names that they have on the pages. */
const namespace = `operators-${randomUUID()}`;
const elsewhere = stepsOf(part(fullTemporal)).map(({ line }) => line);
const pages = operatorPages.map((page) =>
  stepsOf(part(page)).filter(({ file, line }) => file !== fullTemporal.file || !elsewhere.includes(line)),
);
let database: TestDatabase;
let aws: StrictAws;
let directory: string;
let steps: Step[];
let walked: Walked;

/** What a page takes to be there. */
async function prepare() {
  const { tenantId, clientId, clientSecret } = await createTenant({
    databaseUrl: database.url,
    temporalAddress: server.address,
    taskQueue: testTaskQueue(),
    allow: [],
  });
  const opened = createDatabase(database.url);
  try {
    const audit = createAuditStore(opened);
    const client = { tenantId, id: clientId, scopes: ['webhooks:read' as const] };
    const sessions = createConsoleSessionStore(opened, audit);
    const session = await sessions.openByClient(client, Buffer.alloc(32, 1), { address: null, requestId: null });
    return {
      TENANT_ID: tenantId,
      EVERHOOK_CLIENT_ID: clientId,
      EVERHOOK_CLIENT_SECRET: clientSecret,
      SESSION_ID: session.id,
      CREDENTIAL_ID: await leaveCredential({ database: opened, audit, tenantId }, 'an app', 'stuck'),
    };
  } finally {
    await opened.destroy();
  }
}

/** temporal.api.enums.v1.WorkerVersioningMode */
const versioned = 2;

/** A worker of the version before, as the server knows it: by polls, which get no task. */
async function pollAs(buildId: string): Promise<void> {
  const connection = await server.connection();
  const { workflowService } = connection;
  const deploymentName = 'everhook';
  const deploymentOptions = { deploymentName, buildId, workerVersioningMode: versioned };
  const poll = { namespace, taskQueue: { name: 'everhook' }, identity: 'before', deploymentOptions };
  let known = false;
  const polling = (async () => {
    // The server refuses to be polled for less than some seconds.
    while (!known) {
      await connection
        .withDeadline(Date.now() + 10_000, () => workflowService.pollWorkflowTaskQueue(poll))
        .catch(() => {});
    }
  })();
  try {
    await eventually(
      () => workflowService.describeWorkerDeployment({ namespace, deploymentName }).catch(() => null),
      (deployment) => deployment !== null,
      60_000,
    );
  } finally {
    known = true;
  }
  await polling;
}

/** `npm start` and what else goes on until Ctrl-C does so in the background, and a minute of waiting is a second. */
const functions = `
npm() {
  local name=$1 script
  if [ "$name" = run ]; then name=$2; fi
  script=$(node -p 'require(process.argv[1]).scripts[process.argv[2]].replace("npm run build --silent && ", "")' \\
    "$ROOT/package.json" "$name")
  if [ "$name" = start ]; then
    (cd "$ROOT" && exec bash -c "$script") >started.log 2>&1 &
  else
    (cd "$ROOT" && exec bash -c "$script")
  fi
}
everhook() {
  case "$*" in
    *--follow*) command node "$CLI" "$@" >followed.log & ;;
    worker*) command node "$CLI" "$@" >worker.log ;;
    *) command node "$CLI" "$@" ;;
  esac
}
sleep() { command sleep "\${1/60/1}"; }
ready() { command curl -s -f -o /dev/null --noproxy '*' "$EVERHOOK_URL/readyz"; }
followed() { grep -q "$1" followed.log; }
listed() { everhook deployment show 2>/dev/null | grep -q "^$1 "; }
ended() { everhook delivery list --status failed --json | grep -q '"failed"'; }
`;

/** So that there is a run to export: nothing listens there. */
const aDelivery: Step = {
  file: 'test/docs/operators.test.ts',
  line: 0,
  commands: `
    everhook webhook create --url http://localhost:9/hooks --events everhook.test --max-retries 0 >/dev/null
    everhook event publish --type everhook.test --payload '{}' >/dev/null`,
  needs: [],
  until: ['ended'],
  answer: null,
};

beforeAll(async () => {
  const temporal = await temporalExecutable(() => {});
  const PATH = `${path.dirname(temporal)}:${process.env.PATH}`;
  directory = await mkdtemp(path.join(os.tmpdir(), 'everhook-operators-'));
  const addressed = { PATH, HOME: directory, TEMPORAL_ADDRESS: server.address, TEMPORAL_NAMESPACE: namespace };
  execFileSync('sh', [path.join(root, 'deploy', 'temporal', 'create-namespace.sh')], {
    env: { ...addressed, RETENTION: '168h' },
    stdio: 'pipe',
    timeout: 60_000,
  });
  database = await createTestDatabase();
  aws = await startStrictAws();
  // What a credential that the restored database lacks has left behind.
  const tags = { 'everhook:installation': randomUUID(), 'everhook:credential': '0198c0de-7f3a-7cc4-9d56-3a1b2c4d5e6f' };
  const left = { id: 'a1b2c3d4e5', name: 'my new aws app', value: randomUUID(), enabled: true, tags };
  aws.region('eu-central-1').gateway.keys.set(left.id, { ...left, createdAt: Date.now() });
  symlinkSync(path.join(root, 'deploy'), path.join(directory, 'deploy'));
  writeFileSync(path.join(directory, 'password'), randomUUID());
  const port = String(await reservePort());
  const prepared = await prepare();
  await pollAs('1.3.2');

  const [installation = [], ...others] = pages;
  steps = runnable([...installation, aDelivery, ...others.flat()]);
  walked = await walk({
    steps,
    functions,
    places: [
      ['postgres://…', database.url],
      ['localhost:7233', server.address],
      ['http://localhost:8233', server.uiUrl],
    ],
    env: {
      ...addressed,
      ...prepared,
      ROOT: root,
      HOST: '127.0.0.1',
      PORT: port,
      EVERHOOK_URL: `http://127.0.0.1:${port}`,
      METRICS_PORT: '0',
      AWS_ENDPOINT_URL: aws.url,
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: 'stand-in',
      AWS_SECRET_ACCESS_KEY: 'stand-in',
      // Few runs, of which each is exported by a program of its own.
      SWEEP_INTERVAL: '30s',
      CREDENTIALS_SWEEP_INTERVAL: '24h',
      EGRESS_ALLOW: 'http://localhost:9',
    },
    cwd: directory,
    timeoutMs: 540_000,
  });
}, 600_000);

afterAll(async () => {
  await (await server.connection()).operatorService.deleteNamespace({ namespace });
  await server.close();
  await aws?.stop();
  await database?.drop();
  await rm(directory, { recursive: true, force: true });
});

it('what operators are shown works as it is pasted, from an installation to its upgrade and its restore', () => {
  expect(walked.failure).toBeNull();
  expect(wrongAnswers(steps, walked)).toEqual([]);
});

it.each(pages.map((of, index) => [operatorPages[index]?.file, of] as const))('%s is run to its end', (_file, of) => {
  expect(of.length).toBeGreaterThan(0);
  const wanted = of.filter((step) => steps.includes(step)).map(({ file, line }) => `${file}:${line}`);
  expect([...walked.printed.keys()]).toEqual(expect.arrayContaining(wanted));
});
