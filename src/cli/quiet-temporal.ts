import { makeTelemetryFilterString, Runtime } from '@temporalio/worker';

let quiet = false;

/** Commands say themselves what matters: keeps the SDK from writing lines of its own. Before its first use. */
export function quietTemporal(): void {
  if (quiet) return;
  quiet = true;
  const silent = () => {};
  Runtime.install({
    shutdownSignals: [],
    logger: { log: silent, trace: silent, debug: silent, info: silent, warn: silent, error: silent },
    telemetryOptions: {
      logging: { forward: {}, filter: makeTelemetryFilterString({ core: 'ERROR', other: 'ERROR' }) },
    },
  });
}
