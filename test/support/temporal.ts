import { randomUUID } from 'node:crypto';
import { Client } from '@temporalio/client';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, makeTelemetryFilterString, NativeConnection, Runtime } from '@temporalio/worker';
import { SEARCH_ATTRIBUTES } from '../../scripts/local-stack/search-attributes';
import { handedOver } from './stack';

/** temporal.api.enums.v1.IndexedValueType */
const KEYWORD = 2;

/** A task queue nobody else uses: test files share one server. */
export function testTaskQueue(): string {
  return `test-${randomUUID()}`;
}

/** Path of the workflow code as a worker takes it: `workflowBundle: { codePath: workflowBundlePath() }`. */
export function workflowBundlePath(): string {
  return handedOver('workflowBundle');
}

/** Keeps the SDK's workers from filling the test output; once a file, before the first worker or connection. */
export function quietTemporal(): void {
  Runtime.install({
    logger: new DefaultLogger('ERROR'),
    telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'ERROR', other: 'ERROR' }) } },
  });
}

export interface DevServer {
  address: string;
  uiUrl: string;
  /** For workers and clients, opened at the first call. */
  connection(): Promise<NativeConnection>;
  client(): Promise<Client>;
  /** Closes the connection if there is one; for `afterAll`, after the workers have ended. */
  close(): Promise<void>;
}

/** The dev server all test files share: real time, real visibility, Web UI. */
export function devServer(): DevServer {
  const address = handedOver('temporal');
  let opened: Promise<NativeConnection> | undefined;
  const connection = () => (opened ??= NativeConnection.connect({ address }));
  return {
    address,
    get uiUrl() {
      return handedOver('temporalUi');
    },
    connection,
    client: async () => new Client({ connection: await connection() }),
    close: async () => {
      const open = opened;
      opened = undefined;
      await (await open)?.close();
    },
  };
}

/**
 * A server of its own on which time passes at once while a workflow's result is awaited (or by `env.sleep`). Its clock is
 * one for all its workflows: run one at a time. `await env.teardown()` in `afterAll`.
 */
export async function timeSkippingEnvironment(): Promise<TestWorkflowEnvironment> {
  const executable = { type: 'existing-path', path: handedOver('timeSkipping') } as const;
  for (let attempt = 1; ; attempt += 1) {
    try {
      const environment = await TestWorkflowEnvironment.createTimeSkipping({ server: { executable } });
      const searchAttributes = Object.fromEntries(SEARCH_ATTRIBUTES.map((name) => [name, KEYWORD]));
      await environment.connection.operatorService.addSearchAttributes({ namespace: 'default', searchAttributes });
      return environment;
    } catch (error) {
      // The SDK waits 5 s for it, which a JVM on a busy machine may miss.
      if (attempt === 3) throw error;
    }
  }
}
