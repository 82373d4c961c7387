import { existsSync } from 'node:fs';
import { mkdtemp, rm, stat, writeFile, readdir } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Client } from 'pg';
import { logToStderr } from '../../scripts/local-stack/log';
import { startPostgres } from '../../scripts/local-stack/postgres';
import { startTemporal } from '../../scripts/local-stack/temporal';
import { timeSkippingExecutable } from '../../scripts/local-stack/time-skipping';

const ROOT = path.resolve(__dirname, '..', '..');

/** Cloned by every test file that wants a database. */
export const TEMPLATE_DATABASE = 'everhook_template';

/** What globalSetup hands to the test files, by environment variables. */
export const HANDED_OVER = {
  database: 'EVERHOOK_TEST_DATABASE_URL',
  temporal: 'EVERHOOK_TEST_TEMPORAL_ADDRESS',
  temporalUi: 'EVERHOOK_TEST_TEMPORAL_UI_URL',
  timeSkipping: 'EVERHOOK_TEST_TIME_SKIPPING_SERVER',
  workflowBundle: 'EVERHOOK_TEST_WORKFLOW_BUNDLE',
} as const;

/**
 * An address that globalSetup handed over.
 *
 * @throws Error outside of jest's run, or when globalSetup couldn't provide it.
 */
export function handedOver(name: keyof typeof HANDED_OVER): string {
  const value = process.env[HANDED_OVER[name]];
  if (!value) throw new Error(`jest's globalSetup didn't provide ${HANDED_OVER[name]}; its log says why`);
  return value;
}

export interface TestStack {
  environment: Record<string, string | undefined>;
  stop(): Promise<void>;
}

/** How soon a server looks whether a version of workers is still needed, and how often: 3 minutes each otherwise. */
const promptDrainage = {
  'matching.wv.VersionDrainageStatusVisibilityGracePeriod': '"5s"',
  'matching.wv.VersionDrainageStatusRefreshInterval': '"1s"',
};

/** Everything tests share: PostgreSQL with a migrated template, a dev server, the time-skipping executable, the bundle. */
export async function startTestStack(): Promise<TestStack> {
  const started: (() => Promise<void>)[] = [];
  const stop = async () => {
    for (const stopOne of started.splice(0).reverse()) await stopOne();
  };
  try {
    const [postgres, temporal, timeSkipping, bundle] = await Promise.all([
      startPostgres({ log: logToStderr, database: 'everhook', fsync: false, maxConnections: 300 }).then(
        async (running) => {
          started.push(() => running.stop());
          await makeTemplate(running.url);
          return running;
        },
      ),
      startTemporal({ log: logToStderr, dynamicConfig: promptDrainage }).then((running) => {
        started.push(() => running.stop());
        return running;
      }),
      timeSkippingExecutable(logToStderr),
      currentBundle().then((current) => {
        started.push(current.remove);
        return current;
      }),
    ]);
    const environment = {
      [HANDED_OVER.database]: postgres.url,
      [HANDED_OVER.temporal]: temporal.address,
      [HANDED_OVER.temporalUi]: temporal.uiUrl,
      [HANDED_OVER.timeSkipping]: timeSkipping,
      [HANDED_OVER.workflowBundle]: bundle.file,
    };
    return { environment, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Creates the template afresh and migrates it; the connection must be closed when this returns, or nobody can clone. */
async function makeTemplate(url: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(`DROP DATABASE IF EXISTS ${TEMPLATE_DATABASE}`);
    await client.query(`CREATE DATABASE ${TEMPLATE_DATABASE}`);
  } finally {
    await client.end();
  }
  const template = new URL(url);
  template.pathname = `/${TEMPLATE_DATABASE}`;
  const store = path.join(ROOT, 'src', 'store', 'database.ts');
  if (!existsSync(store)) {
    logToStderr('Tests: no src/store/database.ts, the template database stays empty');
    return;
  }
  const { migrateToLatest }: { migrateToLatest: (url: string) => Promise<unknown> } = await import(store);
  await migrateToLatest(template.href);
}

/** The bundle of the last build when nothing in it has changed since, else one made now from the sources. */
async function currentBundle(): Promise<{ file: string | undefined; remove: () => Promise<void> }> {
  const built = path.join(ROOT, 'dist', 'src', 'workflows', 'bundle.js');
  const entry = path.join(ROOT, 'src', 'workflows', 'index.ts');
  if (!existsSync(entry)) {
    logToStderr('Tests: no src/workflows/index.ts, there is no workflow bundle');
    return { file: undefined, remove: async () => {} };
  }
  const changed = await newestChange(['workflows', 'domain'].map((part) => path.join(ROOT, 'src', part)));
  const builtAt = await stat(built).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );
  if (builtAt > changed) return { file: built, remove: async () => {} };

  logToStderr('Tests: workflow code is newer than the build, bundling it');
  const { bundleWorkflowCode, DefaultLogger } = await import('@temporalio/worker');
  const { workflowSources }: { workflowSources: () => { workflowsPath: string; preloadModules: string[] } } =
    await import(path.join(ROOT, 'src', 'worker.ts'));
  const { code } = await bundleWorkflowCode({ ...workflowSources(), logger: new DefaultLogger('WARN') });
  const directory = await mkdtemp(path.join(os.tmpdir(), 'everhook-bundle-'));
  const file = path.join(directory, 'bundle.js');
  await writeFile(file, code);
  return { file, remove: () => rm(directory, { recursive: true, force: true }) };
}

async function newestChange(directories: string[]): Promise<number> {
  let newest = 0;
  for (const directory of directories) {
    const entries = await readdir(directory, { recursive: true, withFileTypes: true });
    for (const entry of entries.filter((candidate) => candidate.isFile())) {
      const { mtimeMs } = await stat(path.join(entry.parentPath, entry.name));
      newest = Math.max(newest, mtimeMs);
    }
  }
  return newest;
}
