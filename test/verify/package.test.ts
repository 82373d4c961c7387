import { execFile } from 'node:child_process';
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { Webhook } from 'standardwebhooks';
import { reservePort } from '../../scripts/local-stack/ports';
import { startProgram, untilReady, type RunningProgram } from '../../scripts/local-stack/process';
import { newSigningSecret } from '../../src/domain/signing/standard-webhooks';
import { VerificationError, verificationCodes } from '../../src/verify';
import { codeBlocks, readDocument, tableRows } from '../docs/documents';
import { installPacked } from '../support/packed';

const run = promisify(execFile);
const document = readDocument('docs/receiving.md');
const [koaExample, expressExample] = codeBlocks(document.text);
/** A program of somebody else that has the package as it is published, and of its dependencies the one that it needs. */
let directory: string;
let installed: string;
let packed: string[];

beforeAll(async () => {
  directory = await realpath(await mkdtemp(path.join(os.tmpdir(), 'everhook-verify-')));
  ({ installed, files: packed } = await installPacked(directory, ['structured-headers', 'koa', '@types']));
}, 120_000);
afterAll(() => rm(directory, { recursive: true, force: true }));

it('everhook/verify loads nothing but itself and a parser of structured fields', async () => {
  const script = "require('everhook/verify'); console.log(JSON.stringify(Object.keys(require.cache)))";
  const { stdout } = await run(process.execPath, ['-e', script], { cwd: directory });
  const loaded = (JSON.parse(stdout) as string[]).map((file) =>
    path.relative(installed, file).split(path.sep).join('/'),
  );
  const foreign = loaded.filter((file) => !/^dist\/src\/(verify|domain)\//.test(file));
  expect(loaded.length).toBeGreaterThan(5);
  expect(foreign).toEqual([expect.stringMatching(/node_modules\/structured-headers\/cjs\/index\.cjs$/)]);
});

it('everhook/verify is imported too, and everything else that could be had by path still can', async () => {
  const file = path.join(directory, 'import.mjs');
  await writeFile(
    file,
    `import * as verify from 'everhook/verify';
     import manifest from 'everhook/package.json' with { type: 'json' };
     import 'everhook/dist/src/domain/retry-schedule.js';
     console.log(JSON.stringify([Object.keys(verify), manifest.bin]));`,
  );
  const { stdout } = await run(process.execPath, ['--no-warnings', file]);
  const [exported, bin] = JSON.parse(stdout) as [string[], object];
  expect(exported).toEqual(
    expect.arrayContaining(['verifyStandardWebhooks', 'verifyTyk', 'verifySovrin', 'fetchedKeys', 'VerificationError']),
  );
  expect(bin).toEqual({ everhook: 'dist/src/cli/main.js' });
});

it('the package that is published has it with its types and its document, and no sources', () => {
  expect(packed).toEqual(
    expect.arrayContaining(['dist/src/verify/index.js', 'dist/src/verify/index.d.ts', 'docs/receiving.md']),
  );
  expect(packed.filter((one) => /^(src|test)\//.test(one))).toEqual([]);
});

describe('the Koa example', () => {
  const secret = newSigningSecret().reveal();
  const body = '{"type":"invoice.paid","timestamp":"2026-01-15T09:30:00.000Z","data":{"invoiceId":"inv_42"}}';
  let receiver: RunningProgram;
  let url: string;

  beforeAll(async () => {
    const port = String(await reservePort());
    url = `http://127.0.0.1:${port}/hooks`;
    await writeFile(path.join(directory, 'koa.mjs'), (koaExample?.text ?? '').replace('9010', port));
    receiver = startProgram({
      name: 'the Koa example',
      command: process.execPath,
      args: [path.join(directory, 'koa.mjs')],
      env: { PATH: process.env.PATH, SECRET: secret },
    });
    await untilReady(receiver, 'the Koa example', async () => (await fetch(url)).status === 401, 20_000);
  });
  afterAll(() => receiver.stop());

  const post = (signedBody: string, at = new Date()) =>
    fetch(url, {
      method: 'POST',
      body,
      headers: {
        'content-type': 'application/json',
        'webhook-id': 'evt_1',
        'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
        'webhook-signature': new Webhook(secret).sign('evt_1', at, signedBody),
      },
    });

  it('takes a signed request and reads its event', async () => {
    expect((await post(body)).status).toBe(204);
    expect(receiver.output()).toContain("evt_1 invoice.paid 2026-01-15T09:30:00.000Z { invoiceId: 'inv_42' }");
  });

  it('answers 401 to what is not signed, signed otherwise, or old', async () => {
    expect((await fetch(url, { method: 'POST', body })).status).toBe(401);
    expect((await post('{}')).status).toBe(401);
    expect((await post(body, new Date(Date.now() - 302_000))).status).toBe(401);
  });
});

it('the Express example is sound to the compiler, with the types of the package', async () => {
  const file = path.join(directory, 'express.mts');
  const tsc = require.resolve('typescript/bin/tsc');
  const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2022', '--types', 'node'];
  const check = (source: string) =>
    writeFile(file, source)
      .then(() => run(process.execPath, [tsc, ...options, '--skipLibCheck', file], { cwd: directory }))
      .then(
        () => '',
        ({ stdout }: { stdout: string }) => stdout,
      );
  const source = expressExample?.text ?? '';
  expect(await check(source)).toBe('');
  expect(await check(source.replace('event.type', 'event.kind'))).toMatch(/Property 'kind' does not exist/);
}, 60_000);

it('the document explains every code, and what is answered', () => {
  const rows = tableRows(document.text, 'code').map(([code = '', , status]) => [
    code.replaceAll('`', ''),
    Number(status),
  ]);
  expect(rows).toEqual(verificationCodes.map((code) => [code, new VerificationError(code, '').status]));
});
