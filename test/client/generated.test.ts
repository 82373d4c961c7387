import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { createClient } from '../../src/client';
import { operations } from '../../src/client/generated/operations';

const run = promisify(execFile);
const root = path.resolve(__dirname, '..', '..');

it('what the client is made from is what the API says of itself', async () => {
  const script = ['scripts/client/generate.ts', '--check'];
  const ended = await run(process.execPath, [require.resolve('tsx/cli'), ...script], { cwd: root });
  expect(ended.stderr).toBe('');
}, 120_000);

it('exports the type of every schema', async () => {
  const [made, entry] = await Promise.all(
    ['generated/schema.ts', 'index.ts'].map((file) => readFile(path.join(root, 'src', 'client', file), 'utf8')),
  );
  const schemas = /schemas: \{\n(.*?)\n  \};/s.exec(made ?? '')?.[1] ?? '';
  const names = [...schemas.matchAll(/^    (\w+):/gm)].map(([, name]) => name);
  expect(names).toContain('Webhook');
  expect(names.filter((name) => !entry?.includes(`Schemas['${name}']`))).toEqual([]);
});

it('has a method for every operation', async () => {
  const reached = new Set<string>();
  const client = createClient({
    url: 'http://everhook.test',
    clientId: 'c',
    clientSecret: 's',
    fetch: (url, { method = '' }) => {
      reached.add(`${method} ${new URL(url).pathname}`);
      return Promise.resolve(Response.json({ access_token: 't', expires_in: 3600, data: [], results: [] }));
    },
  });
  const firstArguments: Record<string, unknown> = { list: {}, publish: {}, publishBatch: [] };
  for (const resource of Object.values(client).filter((one) => typeof one === 'object')) {
    for (const [name, method] of Object.entries(resource as Record<string, (...args: unknown[]) => unknown>)) {
      const isOfAll = resource === client.health;
      const made = isOfAll ? method() : method(firstArguments[name] ?? 'x', {});
      await (name === 'list' ? (made as ReturnType<typeof client.events.list>).page() : made);
    }
  }
  const wanted = Object.values(operations).map(({ method, path: at }) => `${method} ${at.replaceAll(/\{\w+\}/g, 'x')}`);
  expect(wanted.length).toBeGreaterThan(30);
  expect(wanted.filter((one) => !reached.has(one))).toEqual([]);
});
