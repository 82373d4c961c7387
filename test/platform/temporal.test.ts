import { randomUUID } from 'node:crypto';
import { searchAttributeNames } from '../../src/domain/search-attributes';
import { createDeliveryRuns } from '../../src/platform/delivery-runs';
import {
  connectTemporal,
  createTemporalClient,
  ensureSearchAttributes,
  searchAttributeKeys,
  TemporalUnavailable,
} from '../../src/platform/temporal';
import { deliveryWorkflowId } from '../../src/domain/delivery-run';
import { closedPort } from '../support/receivers';
import { devServer, quietTemporal, testTaskQueue } from '../support/temporal';
import { startableDelivery } from './deliveries';

quietTemporal();
const server = devServer();
afterAll(() => server.close());

/** temporal.api.enums.v1.IndexedValueType */
const [text, keyword] = [1, 2];

/** A namespace that nobody else uses, with these search attributes. */
async function newNamespace(searchAttributes: Record<string, number> = {}): Promise<string> {
  const namespace = `test-${randomUUID()}`;
  const { workflowService, operatorService } = await server.connection();
  const workflowExecutionRetentionPeriod = { seconds: 86_400 as never };
  await workflowService.registerNamespace({ namespace, workflowExecutionRetentionPeriod });
  if (Object.keys(searchAttributes).length > 0) {
    await operatorService.addSearchAttributes({ namespace, searchAttributes });
  }
  return namespace;
}

async function attributesOf(namespace: string) {
  const { operatorService } = await server.connection();
  return (await operatorService.listSearchAttributes({ namespace })).customAttributes ?? {};
}

const all = Object.fromEntries(searchAttributeNames.map((name) => [name, keyword]));

describe('search attributes', () => {
  it('are registered where there are none, and again without harm, and a run may have them at once', async () => {
    const namespace = await newNamespace();
    const connection = await server.connection();
    expect(await ensureSearchAttributes(connection, namespace)).toBe(true);
    expect(await ensureSearchAttributes(connection, namespace)).toBe(true);
    expect(await attributesOf(namespace)).toMatchObject(all);

    const client = createTemporalClient(connection, namespace);
    const runs = createDeliveryRuns({ client, taskQueue: testTaskQueue(), searchAttributes: true });
    const delivery = startableDelivery({ contract: 'sovrin' });
    await runs.start(delivery);
    const { typedSearchAttributes } = await client.workflow.getHandle(deliveryWorkflowId(delivery)).describe();
    const { ConsentType, ConsentStatus, ...keys } = searchAttributeKeys;
    const values = Object.values(keys).map((key) => typedSearchAttributes.get(key));
    expect(values).toEqual([delivery.tenantId, delivery.webhookId, 'everhook.test', 'sovrin', 'pending']);
    expect([ConsentType, ConsentStatus].map((key) => typedSearchAttributes.get(key))).toEqual([undefined, undefined]);
  });

  it('that are there already are completed', async () => {
    const namespace = await newNamespace({ TenantId: keyword, WebhookId: keyword });
    expect(await ensureSearchAttributes(await server.connection(), namespace)).toBe(true);
    expect(await attributesOf(namespace)).toMatchObject(all);
  });

  it('are registered by several processes at once', async () => {
    const namespace = await newNamespace();
    const connection = await server.connection();
    const ensured = await Promise.allSettled([1, 2, 3].map(() => ensureSearchAttributes(connection, namespace)));
    // Who loses the race may be told to come again, and is, by the link.
    for (const one of ensured) {
      if (one.status === 'rejected') expect(one.reason).toBeInstanceOf(TemporalUnavailable);
    }
    expect(await ensureSearchAttributes(connection, namespace)).toBe(true);
  });

  it('are done without when one of the names is taken by another type', async () => {
    const namespace = await newNamespace({ EventType: text });
    expect(await ensureSearchAttributes(await server.connection(), namespace)).toBe(false);
  });

  it('of a namespace that does not exist are not there yet', async () => {
    const missing = ensureSearchAttributes(await server.connection(), `test-${randomUUID()}`);
    await expect(missing).rejects.toThrow(TemporalUnavailable);
  });
});

describe('connecting', () => {
  it('says that Temporal is unavailable where nobody listens', async () => {
    await expect(connectTemporal(`127.0.0.1:${await closedPort()}`)).rejects.toThrow(TemporalUnavailable);
  });

  it('stands once the server has answered', async () => {
    const connection = await connectTemporal(server.address);
    const { serverVersion } = await connection.workflowService.getSystemInfo({});
    expect(serverVersion).toMatch(/^\d+\./);
    await connection.close();
  });
});
