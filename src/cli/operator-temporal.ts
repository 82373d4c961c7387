import type { NativeConnection } from '@temporalio/worker';
import { readTemporalConfig, readTemporalConnection } from '../platform/config';

/**
 * A connection to the Temporal of the environment for the time of one command.
 * @throws ConfigurationError, TemporalUnavailable
 */
export async function withTemporal<Result>(
  use: (connection: NativeConnection, namespace: string) => Promise<Result>,
): Promise<Result> {
  const { TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace } = readTemporalConfig(process.env);
  // The Temporal SDK takes half a second to load: only commands that need it do.
  const [{ connectTemporal }, { quietTemporal }] = await Promise.all([
    import('../platform/temporal.js'),
    import('./quiet-temporal.js'),
  ]);
  quietTemporal();
  const connection = await connectTemporal(address, readTemporalConnection(process.env));
  try {
    return await use(connection, namespace);
  } finally {
    await connection.close();
  }
}
