import { once } from 'node:events';
import type { Command } from 'commander';
import pino from 'pino';
import { readConfig, readTemporalConnection } from '../../platform/config';
import { createLogger } from '../../platform/logging';
import { listenForStop } from '../stop-signal';

const services = [
  { role: 'start', description: 'run API and worker in one process', api: true, worker: true },
  { role: 'api', description: 'run the API alone', api: true, worker: false },
  { role: 'worker', description: 'run a worker alone; run as many as wanted', api: false, worker: true },
];

interface VersionOptions {
  deployment?: string;
  buildId?: string;
}

export function addServiceCommands(program: Command): void {
  for (const { role, description, ...parts } of services) {
    const command = program
      .command(role)
      .description(`${description}, until SIGTERM or Ctrl-C; logs JSON lines`)
      .addHelpText('after', '\nThe first signal lets work in flight finish, a second one ends the process at once.')
      .action((options: VersionOptions) => serve(role, parts, options));
    if (!parts.worker) continue;
    command
      .option('--deployment <name>', 'the worker deployment that it is a version of; else TEMPORAL_DEPLOYMENT_NAME')
      .option('--build-id <id>', 'which version; else TEMPORAL_WORKER_BUILD_ID');
  }
}

async function serve(
  role: string,
  parts: { api: boolean; worker: boolean },
  { deployment, buildId }: VersionOptions,
): Promise<void> {
  const config = readConfig({
    ...process.env,
    ...(deployment !== undefined && { TEMPORAL_DEPLOYMENT_NAME: deployment }),
    ...(buildId !== undefined && { TEMPORAL_WORKER_BUILD_ID: buildId }),
  });
  const temporal = readTemporalConnection(process.env);
  const destination = pino.destination({ sync: false });
  const log = createLogger({ level: config.LOG_LEVEL, role, destination });
  const stop = listenForStop();
  // The Temporal SDK takes half a second to load: only commands that need it do.
  const { startService } = await import('../../runtime.js');
  const service = await startService(config, { ...parts, log, temporal });
  log.info({ apiPort: service.apiPort, metricsPort: service.metricsPort }, 'started');
  try {
    const signal = await Promise.race([stop.requested, service.failed]);
    log.info({ signal }, 'stopping');
  } finally {
    await service.stop();
  }
  log.info('stopped');
  await written(destination);
}

/** A line still being written would come after those that the exit of the process flushes, or be lost. */
async function written(destination: ReturnType<typeof pino.destination>): Promise<void> {
  // There is no end to wait for once the reader of the log is gone.
  const closed = once(destination, 'close', { signal: AbortSignal.timeout(1_000) }).catch(() => {});
  destination.end();
  await closed;
}
