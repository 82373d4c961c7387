import { createServer, type AddressInfo } from 'node:net';
import { ApplicationFailure } from '@temporalio/common';
import { makeTelemetryFilterString, Runtime, type LogLevel as CoreLogLevel } from '@temporalio/worker';
import type { Logger } from './logging';

type Level = 'trace' | 'debug' | 'info' | 'warn' | 'error';

/** The SDK's runtime exists once a process and can't be changed afterwards: the one module state that is allowed. */
let installed: Promise<string> | undefined;

/**
 * Gives the SDK our logger, leaves signals to us, and has its metrics exported on a loopback port.
 * Call before the first connection. Resolves with the URL of the SDK's metrics; a second call changes nothing.
 */
export function installCoreRuntime(log: Logger): Promise<string> {
  installed ??= install(log);
  return installed;
}

async function install(log: Logger): Promise<string> {
  const address = `127.0.0.1:${await freePort()}`;
  const toPino = (level: CoreLogLevel) => level.toLowerCase() as Level;
  Runtime.install({
    shutdownSignals: [],
    logger: {
      log: (level, message, meta) => log[toPino(level)](logged(meta), message),
      trace: (message, meta) => log.trace(logged(meta), message),
      debug: (message, meta) => log.debug(logged(meta), message),
      info: (message, meta) => log.info(logged(meta), message),
      warn: (message, meta) => (isBenign(meta) ? log.debug : log.warn).call(log, logged(meta), message),
      error: (message, meta) => log.error(logged(meta), message),
    },
    telemetryOptions: {
      logging: { forward: {}, filter: makeTelemetryFilterString({ core: 'WARN', other: 'WARN' }) },
      metrics: { prometheus: { bindAddress: address } },
    },
  });
  return `http://${address}/metrics`;
}

/** Of what the SDK says, what identifies the work; its other fields may carry inputs. */
function logged(meta: Record<string, unknown> | undefined): Record<string, unknown> {
  if (!meta) return {};
  const { workflowId, runId, activityType, attempt, taskQueue, error } = meta;
  return { workflowId, runId, activityType, attempt, taskQueue, ...(error !== undefined && { err: toError(error) }) };
}

/** The SDK gives the cause of a retried call as text. */
const toError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));

/** A delivery that failed is a Failed run by intention: nobody has to be warned of it. */
function isBenign(meta: Record<string, unknown> | undefined): boolean {
  return meta?.error instanceof ApplicationFailure && meta.error.category === 'BENIGN';
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
