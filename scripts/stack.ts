import path from 'node:path';
import { durableDirectory } from './local-stack/cache';
import { logToStderr } from './local-stack/log';
import { MissingPartError } from './local-stack/missing-part';
import { startPostgres } from './local-stack/postgres';
import { startTemporal } from './local-stack/temporal';

/**
 * PostgreSQL and Temporal for developing, until Ctrl-C: `node dist/scripts/stack.js`. With `--json` it prints one line,
 * `{"DATABASE_URL":…,"TEMPORAL_ADDRESS":…,"TEMPORAL_UI_URL":…}`, and ends when standard input closes or on SIGTERM. What
 * is stored stays for the next start, unless `--fresh` is given.
 */
async function main(args: string[]): Promise<void> {
  const json = args.includes('--json');
  const directory = args.includes('--fresh') ? undefined : await durableDirectory('stack');
  const ended = untilAskedToStop(json);

  const postgres = await startPostgres({
    log: logToStderr,
    database: 'everhook',
    directory: directory && path.join(directory, 'postgres-18'),
  });
  try {
    const temporal = await startTemporal({
      log: logToStderr,
      dbFilename: directory && path.join(directory, 'temporal.sqlite'),
    });
    try {
      const variables = {
        DATABASE_URL: postgres.url,
        TEMPORAL_ADDRESS: temporal.address,
        TEMPORAL_UI_URL: temporal.uiUrl,
      };
      process.stdout.write(json ? `${JSON.stringify(variables)}\n` : exportLines(variables));
      await ended;
    } finally {
      await temporal.stop();
    }
  } finally {
    await postgres.stop();
  }
}

function exportLines(variables: Record<string, string | undefined>): string {
  return Object.entries(variables)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `export ${name}='${value}'\n`)
    .join('');
}

function untilAskedToStop(orWhenInputCloses: boolean): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGINT', () => resolve());
    process.once('SIGTERM', () => resolve());
    if (orWhenInputCloses) process.stdin.once('end', () => resolve()).resume();
  });
}

main(process.argv.slice(2)).then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`${error instanceof MissingPartError ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
