import type { Command } from 'commander';
import { readConfig } from '../../platform/config';
import { createLogger } from '../../platform/logging';
import { listenForStop } from '../stop-signal';

const services = [
  { role: 'start', description: 'run API and worker in one process', api: true, worker: true },
  { role: 'api', description: 'run the API alone', api: true, worker: false },
  { role: 'worker', description: 'run a worker alone; run as many as wanted', api: false, worker: true },
];

export function addServiceCommands(program: Command): void {
  for (const { role, description, ...parts } of services) {
    program
      .command(role)
      .description(`${description}, until SIGTERM or Ctrl-C; logs JSON lines`)
      .addHelpText('after', '\nThe first signal lets work in flight finish, a second one ends the process at once.')
      .action(() => serve(role, parts));
  }
}

async function serve(role: string, parts: { api: boolean; worker: boolean }): Promise<void> {
  const config = readConfig(process.env);
  const log = createLogger({ level: config.LOG_LEVEL, role });
  const stop = listenForStop();
  // The Temporal SDK takes half a second to load: only commands that need it do.
  const { startService } = await import('../../runtime.js');
  const service = await startService(config, { ...parts, log });
  log.info({ apiPort: service.apiPort, metricsPort: service.metricsPort }, 'started');
  try {
    const signal = await Promise.race([stop.requested, service.failed]);
    log.info({ signal }, 'stopping');
  } finally {
    await service.stop();
  }
  log.info('stopped');
}
