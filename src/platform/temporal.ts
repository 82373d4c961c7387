import { setTimeout as sleep } from 'node:timers/promises';
import { Client, isGrpcServiceError } from '@temporalio/client';
import { status } from '@grpc/grpc-js';
import { defineSearchAttributeKey, SearchAttributeType, type DataConverter } from '@temporalio/common';
import { NativeConnection } from '@temporalio/worker';
import { searchAttributeNames } from '../domain/search-attributes';
import type { TemporalConnection } from './temporal-profile';
import { traceStarts } from './temporal-tracing';
import { noTracing, type Tracing } from './tracing';

/** Temporal can't be reached or did not answer in time: worth trying again. */
export class TemporalUnavailable extends Error {
  override readonly name = 'TemporalUnavailable';

  constructor(cause: unknown) {
    super('Temporal is unavailable', { cause });
  }
}

/** @throws {@link TemporalUnavailable} when nothing answers there, or not as whom we take it for */
export async function connectTemporal(
  address: string,
  { apiKey, ...connection }: TemporalConnection = {},
): Promise<NativeConnection> {
  try {
    return await NativeConnection.connect({
      // Our messages are some hundred bytes: compressing them costs both sides more than it saves.
      grpcCompression: { codec: 'none' },
      ...connection,
      ...(apiKey && { apiKey: apiKey.reveal() }),
      address,
    });
  } catch (error) {
    throw new TemporalUnavailable(error);
  }
}

/**
 * A call that is over after `ms`, whatever happens. The deadline of gRPC alone does not do that: the native client
 * repeats a call that found nobody for ten seconds, each time with a deadline of its own.
 * @throws {@link TemporalUnavailable} when it is over, and whatever the call throws
 */
export async function answerWithin<T>(
  ms: number,
  connection: { withDeadline<R>(deadline: number, call: () => Promise<R>): Promise<R> },
  call: () => Promise<T>,
): Promise<T> {
  const answered = new AbortController();
  const late = sleep(ms, undefined, { signal: answered.signal }).then(() => {
    throw new TemporalUnavailable(new Error(`no answer within ${ms} ms`));
  });
  try {
    return await Promise.race([connection.withDeadline(Date.now() + ms, call), late]);
  } finally {
    answered.abort();
  }
}

const bugs = new Set([status.INVALID_ARGUMENT, status.UNIMPLEMENTED, status.FAILED_PRECONDITION]);

/** A request that Temporal refuses is a bug of ours; anything else is an outage. */
export function unavailableOr(error: unknown): unknown {
  if (error instanceof TemporalUnavailable) return error;
  const cause = error instanceof Error && isGrpcServiceError(error.cause) ? error.cause : error;
  return isGrpcServiceError(cause) && bugs.has(cause.code) ? error : new TemporalUnavailable(error);
}

/**
 * Clients use the native connection: 8.5 against 11.5 ms of CPU a workflow (design.md).
 * @param dataConverter where payloads are read or written; the SDK's own leaves them as they are
 */
export function createTemporalClient(
  connection: NativeConnection,
  namespace: string,
  dataConverter?: DataConverter,
  tracing: Tracing = noTracing,
): Client {
  return new Client({
    connection,
    namespace,
    ...(dataConverter && { dataConverter }),
    ...(tracing.on && { interceptors: { workflow: [traceStarts(tracing)] } }),
  });
}

export const searchAttributeKeys = Object.fromEntries(
  searchAttributeNames.map((name) => [name, defineSearchAttributeKey(name, SearchAttributeType.KEYWORD)]),
) as Record<(typeof searchAttributeNames)[number], ReturnType<typeof defineSearchAttributeKey<'KEYWORD'>>>;

const keyword = 2;
const knownTries = 60;
const knownEveryMs = 250;

/**
 * Registers our search attributes where the server allows it. False: it does not know them and does not let
 * us add them (Temporal Cloud, the time-skipping server); runs then go without.
 */
export async function ensureSearchAttributes(connection: NativeConnection, namespace: string): Promise<boolean> {
  const types = async () => {
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
    return searchAttributeNames.map((name) => ({ name, type: customAttributes?.[name] }));
  };
  const known = async () => (await types()).every(({ type }) => type === keyword);
  try {
    const found = await types();
    const missing = found.filter(({ type }) => type === undefined);
    // A name that is taken by another type stays so.
    if (found.some(({ type }) => type !== undefined && type !== keyword)) return false;
    if (missing.length === 0) return true;
    await connection.operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(missing.map(({ name }) => [name, keyword])),
    });
    // A server of several processes tells each of them within seconds; a run started before would be refused.
    for (let tries = 0; tries < knownTries; tries += 1) {
      if (await known()) return true;
      await sleep(knownEveryMs);
    }
    return false;
  } catch (error) {
    const code = isGrpcServiceError(error) ? error.code : undefined;
    if (code === status.UNIMPLEMENTED || code === status.PERMISSION_DENIED) return false;
    // Two processes may register at once: the second is told so, and finds them known.
    if (code === status.ALREADY_EXISTS || code === status.INVALID_ARGUMENT) return known();
    throw new TemporalUnavailable(error);
  }
}
