import { existsSync } from 'node:fs';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { NativeConnectionOptions } from '@temporalio/worker';
import { Secret } from '../domain/secret';

/** How to reach a Temporal server besides its address. Without any of it: in plain text, as nobody. */
export interface TemporalConnection extends Pick<NativeConnectionOptions, 'tls' | 'metadata'> {
  apiKey?: Secret;
}

export interface TemporalProfile {
  address: string | undefined;
  namespace: string | undefined;
  connection: TemporalConnection;
}

/**
 * What the SDK's own `TEMPORAL_*` variables say, and the profile that they name in the configuration file of the `temporal`
 * command. Variables win over the file; empty ones count as absent.
 *
 * @throws Error when a file can't be read, or has no such profile
 */
export function loadTemporalProfile(env: NodeJS.ProcessEnv): TemporalProfile {
  const overrideEnvVars = Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => Boolean(entry[1])),
  );
  const { TEMPORAL_CONFIG_FILE: file, TEMPORAL_TLS: withTls = 'true' } = overrideEnvVars;
  // The SDK passes over both in silence: we would talk to another server than was meant, or in plain text.
  if (file && !existsSync(file)) throw new Error(`TEMPORAL_CONFIG_FILE: there is no file ${file}`);
  if (!/^(1|0|true|false)$/.test(withTls)) throw new Error('TEMPORAL_TLS is true or false');
  const { namespace, connectionOptions } = loadClientConnectConfig({ overrideEnvVars });
  const { address, tls, apiKey, metadata } = connectionOptions;
  const connection: TemporalConnection = {
    ...(tls !== undefined && { tls }),
    ...(apiKey !== undefined && { apiKey: new Secret(apiKey) }),
    ...(metadata && { metadata }),
  };
  return { address, namespace, connection };
}
