import { Client, isGrpcServiceError } from '@temporalio/client';
import { status } from '@grpc/grpc-js';
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { NativeConnection } from '@temporalio/worker';
import { searchAttributeNames } from '../domain/delivery-run';

/** Temporal can't be reached or did not answer in time: worth trying again. */
export class TemporalUnavailable extends Error {
  override readonly name = 'TemporalUnavailable';

  constructor(cause: unknown) {
    super('Temporal is unavailable', { cause });
  }
}

/**
 * A connection by `TEMPORAL_ADDRESS` and the SDK's own `TEMPORAL_*` variables (TLS, API key, profile).
 * @throws {@link TemporalUnavailable} when nothing answers there.
 */
export async function connectTemporal(address: string): Promise<NativeConnection> {
  const { connectionOptions } = loadClientConnectConfig();
  try {
    return await NativeConnection.connect({ ...connectionOptions, address });
  } catch (error) {
    throw new TemporalUnavailable(error);
  }
}

/** Clients use the native connection: 8.5 against 11.5 ms of CPU a workflow (design.md). */
export function createTemporalClient(connection: NativeConnection, namespace: string): Client {
  return new Client({ connection, namespace });
}

export const searchAttributeKeys = Object.fromEntries(
  searchAttributeNames.map((name) => [name, defineSearchAttributeKey(name, SearchAttributeType.KEYWORD)]),
) as Record<(typeof searchAttributeNames)[number], ReturnType<typeof defineSearchAttributeKey<'KEYWORD'>>>;

const keyword = 2;

/**
 * Registers our search attributes where the server allows it. False: it does not know them and does not let
 * us add them (Temporal Cloud, the time-skipping server); runs then go without.
 */
export async function ensureSearchAttributes(connection: NativeConnection, namespace: string): Promise<boolean> {
  const known = async () => {
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
    return searchAttributeNames.every((name) => customAttributes?.[name] === keyword);
  };
  try {
    if (await known()) return true;
    await connection.operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(searchAttributeNames.map((name) => [name, keyword])),
    });
    return await known();
  } catch (error) {
    const code = isGrpcServiceError(error) ? error.code : undefined;
    if (code === status.UNIMPLEMENTED || code === status.PERMISSION_DENIED) return false;
    // Two processes may register at once: the second is told so, and finds them known.
    if (code === status.ALREADY_EXISTS || code === status.INVALID_ARGUMENT) return known();
    throw new TemporalUnavailable(error);
  }
}
