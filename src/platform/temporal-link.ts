import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { DataConverter } from '@temporalio/common';
import type { NativeConnection } from '@temporalio/worker';
import { createBurstRuns, type BurstRuns } from './burst-runs';
import { createConnectionTests, type ConnectionTests } from './connection-tests';
import { createConsentRuns, type ConsentRuns } from './consent-runs';
import { createCredentialRuns, type CredentialRuns } from './credential-runs';
import { createDeliveryRuns, type DeliveryRuns } from './delivery-runs';
import { createDataConverter } from './data-converter';
import type { Logger } from './logging';
import type { TemporalPayloadCodec } from './payload-codec';
import { ensureAwsSweepSchedule, ensureRetentionSchedule, ensureSweepSchedule } from './schedule';
import {
  answerWithin,
  connectTemporal,
  createTemporalClient,
  ensureSearchAttributes,
  TemporalUnavailable,
} from './temporal';
import type { TemporalConnection } from './temporal-profile';
import { noTracing, type Tracing } from './tracing';
import { doWorkersPoll, workflowBacklog } from './worker-polls';

/** All that a process has of Temporal once it is connected. */
export interface TemporalSession {
  connection: NativeConnection;
  client: Client;
  /** For workers. */
  dataConverter: DataConverter;
  runs: DeliveryRuns;
  consentRuns: ConsentRuns;
  credentialRuns: CredentialRuns;
  connectionTests: ConnectionTests;
  bursts: BurstRuns;
}

/** A connection that may come later: the API accepts events while Temporal is away. */
export interface TemporalLink {
  /** Resolves when the first connection stands; rejects when closed before. */
  connected: Promise<TemporalSession>;
  /** Throws {@link TemporalUnavailable} until then, as do the others. */
  runs: DeliveryRuns;
  consentRuns: ConsentRuns;
  credentialRuns: CredentialRuns;
  connectionTests: ConnectionTests;
  bursts: BurstRuns;
  /** Workflow tasks that no worker took yet, about. Throws when that can't be told. */
  backlog(): Promise<number>;
  /** Whether Temporal answers now; never throws. */
  answers(): Promise<boolean>;
  /** Whether workers take what we would start now; false also when that can't be told. Never throws. */
  workersPoll(): Promise<boolean>;
  close(): Promise<void>;
}

const retryMs = 1_000;
const probeMs = 1_500;

/** Connects, registers search attributes and the sweepers' Schedules, and tries again for as long as it takes. */
export function createTemporalLink(options: {
  address: string;
  /** TLS, API key and headers; by default in plain text. */
  connection?: TemporalConnection;
  namespace: string;
  taskQueue: string;
  sweepIntervalMs: number;
  awsSweepIntervalMs: number;
  retentionIntervalMs: number;
  eagerStart: boolean;
  codec: TemporalPayloadCodec;
  tracing?: Tracing;
  log: Logger;
}): TemporalLink {
  const { address, namespace, taskQueue, codec, tracing = noTracing, log } = options;
  const closing = new AbortController();
  let session: TemporalSession | undefined;

  async function open(): Promise<TemporalSession> {
    const connection = await connectTemporal(address, options.connection);
    try {
      // From here on encrypting takes nothing that could be away.
      await codec.ready();
      const dataConverter = createDataConverter(codec);
      const client = createTemporalClient(connection, namespace, dataConverter, tracing);
      const searchAttributes = await ensureSearchAttributes(connection, namespace);
      if (!searchAttributes) log.warn('the Temporal server does not take our search attributes; runs go without');
      // What Schedules hold is in the clear: names of ours, which outlive every key.
      const plain = createTemporalClient(connection, namespace);
      await ensureSweepSchedule(plain, taskQueue, options.sweepIntervalMs);
      await ensureAwsSweepSchedule(plain, taskQueue, options.awsSweepIntervalMs);
      await ensureRetentionSchedule(plain, taskQueue, options.retentionIntervalMs);
      const runs = createDeliveryRuns({
        client,
        taskQueue,
        searchAttributes,
        eagerStart: options.eagerStart,
        tracing,
      });
      const consentRuns = createConsentRuns({ client, taskQueue, searchAttributes });
      const credentialRuns = createCredentialRuns({ client, taskQueue, searchAttributes });
      const connectionTests = createConnectionTests({ client, taskQueue, searchAttributes });
      const bursts = createBurstRuns({ client, taskQueue });
      return { connection, client, dataConverter, runs, consentRuns, credentialRuns, connectionTests, bursts };
    } catch (error) {
      await connection.close();
      throw error;
    }
  }

  async function openEventually(): Promise<TemporalSession> {
    for (let tries = 0; ; tries += 1) {
      if (closing.signal.aborted) throw new TemporalUnavailable(new Error('closed before it was connected'));
      try {
        session = await open();
        log.info({ address, namespace, taskQueue }, 'connected to Temporal');
        return session;
      } catch (error) {
        if (tries % 10 === 0) log.warn({ err: error, address }, 'Temporal is away; trying again');
      }
      // An abort ends the wait and takes its listener along: an outage may last for days.
      await sleep(retryMs, undefined, { signal: closing.signal }).catch(() => {});
    }
  }

  const connected = openEventually();
  // Whoever awaits it gets the rejection; nobody doing so is not a crash.
  connected.catch(() => {});

  const now = (): TemporalSession => {
    if (!session) throw new TemporalUnavailable(new Error('not connected yet'));
    return session;
  };

  return {
    connected,
    runs: {
      start: async (delivery, how) => now().runs.start(delivery, how),
      ask: async (delivery, update) => now().runs.ask(delivery, update),
      state: async (delivery) => now().runs.state(delivery),
    },
    consentRuns: {
      start: async (consent) => now().consentRuns.start(consent),
      act: async (consent, accepted) => now().consentRuns.act(consent, accepted),
      nudge: async (consent) => now().consentRuns.nudge(consent),
    },
    credentialRuns: {
      perform: async (operation, withinMs) => now().credentialRuns.perform(operation, withinMs),
      nudge: async (operation) => now().credentialRuns.nudge(operation),
      tell: async (operation, news) => now().credentialRuns.tell(operation, news),
    },
    connectionTests: { run: async (input) => now().connectionTests.run(input) },
    bursts: { call: async (number) => now().bursts.call(number) },
    async backlog() {
      const { connection } = now();
      return answerWithin(probeMs, connection, () => workflowBacklog(connection, { namespace, taskQueue }));
    },
    async answers() {
      try {
        const { connection } = now();
        await answerWithin(probeMs, connection, () => connection.workflowService.describeNamespace({ namespace }));
        return true;
      } catch {
        return false;
      }
    },
    async workersPoll() {
      try {
        const { connection } = now();
        return await answerWithin(probeMs, connection, () => doWorkersPoll(connection, { namespace, taskQueue }));
      } catch {
        return false;
      }
    },
    async close() {
      closing.abort();
      const open = await connected.catch(() => undefined);
      await open?.connection.close();
    },
  };
}
