import { execFile } from 'node:child_process';
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { installPacked } from '../support/packed';
import { closedPort } from '../support/receivers';

const run = promisify(execFile);
/** A program of somebody else that has the package as it is published, and none of its dependencies. */
let directory: string;
let installed: string;
let files: string[];

beforeAll(async () => {
  directory = await realpath(await mkdtemp(path.join(os.tmpdir(), 'everhook-client-')));
  ({ installed, files } = await installPacked(directory, ['@types']));
}, 120_000);
afterAll(() => rm(directory, { recursive: true, force: true }));

it('everhook/client is required, and loads nothing but itself', async () => {
  const script = `
    const { createClient } = require('everhook/client');
    createClient({ url: 'http://localhost', token: 't' });
    console.log(JSON.stringify(Object.keys(require.cache)))`;
  const { stdout } = await run(process.execPath, ['-e', script], { cwd: directory });
  const loaded = (JSON.parse(stdout) as string[]).map((file) => path.relative(installed, file));
  expect(loaded.length).toBeGreaterThan(5);
  expect(loaded.filter((file) => !file.startsWith(path.join('dist', 'src', 'client')))).toEqual([]);
});

it('everhook/client is imported by name', async () => {
  const file = path.join(directory, 'import.mjs');
  const url = `http://127.0.0.1:${await closedPort()}`;
  await writeFile(
    file,
    `import { createClient, EverhookError, isEverhookError } from 'everhook/client';
     const client = createClient({ url: '${url}', token: 't', maxAttempts: 1 });
     const error = await client.deliveries.get('d').catch((reason) => reason);
     console.log(error instanceof EverhookError, isEverhookError(error), error.code, error.message);`,
  );
  const { stdout } = await run(process.execPath, [file]);
  expect(stdout).toBe(`true true network ${url} does not answer: ECONNREFUSED\n`);
});

const program = `
import { createClient, isEverhookError, type Delivery, type ListedDelivery } from 'everhook/client';

const client = createClient({ url: 'https://everhook.example', clientId: 'c', clientSecret: 's', timeoutMs: 5_000 });

export async function failed(webhookId: string, signal: AbortSignal): Promise<ListedDelivery[]> {
  const found: ListedDelivery[] = [];
  for await (const delivery of client.deliveries.list({ webhookId, status: 'failed' }, { signal })) found.push(delivery);
  return found;
}

export async function pay(invoiceId: string): Promise<Delivery | undefined> {
  const { deliveries, duplicate } = await client.events.publish({ type: 'invoice.paid', payload: { invoiceId } });
  const isNew: boolean = !duplicate;
  const [first] = deliveries;
  return isNew && first ? client.deliveries.get(first.id) : undefined;
}

export async function consentIsOver(consentId: string): Promise<boolean> {
  try {
    const consent = await client.consents.revoke(consentId);
    return 'acceptedAt' in consent ? consent.acceptedAt !== '' : consent.status === 'REVOKED';
  } catch (error) {
    if (isEverhookError(error) && error.code === 'conflict') return error.retryAfterMs === null;
    throw error;
  }
}
`;

it.each(['CommonJS', 'ES modules'])(
  'its types are sound to a strict compiler, and refuse what the API would: %s',
  async (kind) => {
    const file = path.join(directory, kind === 'CommonJS' ? 'program.cts' : 'program.mts');
    const tsc = require.resolve('typescript/bin/tsc');
    // Without skipLibCheck: the package's own declarations are looked at too.
    const options = ['--noEmit', '--strict', '--exactOptionalPropertyTypes', '--module', 'nodenext', '--types', 'node'];
    const check = (source: string) =>
      writeFile(file, source)
        .then(() => run(process.execPath, [tsc, ...options, '--target', 'es2022', file], { cwd: directory }))
        .then(
          () => '',
          ({ stdout }: { stdout: string }) => stdout,
        );
    expect(await check(program)).toBe('');
    const wrong = program
      .replace("status: 'failed'", "status: 'lost'")
      .replace('payload: { invoiceId }', 'payload: invoiceId')
      .replace("=== 'REVOKED'", "=== 'GONE'");
    const messages = await check(wrong);
    expect(messages.match(/error TS/g)).toHaveLength(3);
  },
  120_000,
);

it('the package has it with its types and its document, and no sources', () => {
  const wanted = ['dist/src/client/index.js', 'dist/src/client/index.d.ts', 'dist/src/client/generated/schema.d.ts'];
  expect(files).toEqual(expect.arrayContaining([...wanted, 'docs/client.md']));
  expect(
    files.filter((one) => /^(src|test|scripts|bench|console|\.)|^dist\/(bench|scripts\/client)\/|\.map$/.test(one)),
  ).toEqual([]);
});
