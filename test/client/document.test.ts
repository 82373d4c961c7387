import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { problems } from '../../src/api/errors/api-error';
import { createClient } from '../../src/client';
import { codeBlocks, readDocument, root, tableRows } from '../docs/documents';
import { startTestApi, type TestApi } from '../support/api';

const run = promisify(execFile);
const { text } = readDocument('docs/client.md');

/** What programs of others print that have the package and a client of a tenant. */
async function printed(source: string, { eventType }: { eventType?: string } = {}): Promise<string[]> {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'everhook-client-page-'));
  try {
    const { clientId, clientSecret } = await api.newClient();
    const client = createClient({ url: api.url, clientId, clientSecret });
    if (eventType) await client.eventTypes.put(eventType, { description: 'Of an example.' });
    await mkdir(path.join(directory, 'node_modules'));
    await symlink(root, path.join(directory, 'node_modules', 'everhook'));
    const file = path.join(directory, 'page.mjs');
    await writeFile(file, source);
    const env = { EVERHOOK_URL: api.url, EVERHOOK_CLIENT_ID: clientId, EVERHOOK_CLIENT_SECRET: clientSecret };
    const { stdout } = await run(process.execPath, [file], { env: { PATH: process.env.PATH, ...env } });
    return stdout.trim().split('\n');
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

it('its examples run one after the other, against the API', async () => {
  const source = codeBlocks(text).map((block) => block.text);
  const [webhook, event, delivery, page, ...error] = await printed(source.join('\n'));
  expect(webhook).toMatch(/^[\w-]{36} whsec_/);
  expect(event).toMatch(/^[\w-]{36} 1$/);
  expect(delivery).toMatch(/^[\w-]{36} pending$/);
  expect(page).toBe('0 null');
  expect(error.join(' ')).toMatch(/^unprocessable 422 [\w-]{36} .*'is not an event type'/);
}, 60_000);

it('the example of the README runs', async () => {
  const blocks = codeBlocks(readDocument('README.md').text);
  const [example] = blocks.filter((block) => block.text.includes("from 'everhook/client'"));
  expect(await printed(example?.text ?? 'none', { eventType: 'invoice.paid' })).toEqual(['']);
}, 60_000);

it('names every method', () => {
  const client = createClient({ url: 'http://everhook.test', token: 't' });
  const resources = Object.entries(client).filter(([, methods]) => typeof methods === 'object');
  const rows = tableRows(text, 'resource').map(([resource = '', methods = '']) => [
    resource.replaceAll('`', ''),
    methods.replaceAll('`', '').split(', '),
  ]);
  expect(rows).toEqual(resources.map(([resource, methods]) => [resource, Object.keys(methods)]));
});

it('explains every code', () => {
  const rows = tableRows(text, 'code').map(([code = '', status = '']) => [code.replaceAll('`', ''), status.trim()]);
  const ofTheApi = Object.entries(problems).map(([slug, { status }]) => [slug, String(status)]);
  const own = [
    ['network', ''],
    ['timeout', ''],
    ['unexpected-answer', 'any other'],
  ];
  expect(rows).toEqual([...ofTheApi, ...own]);
});
