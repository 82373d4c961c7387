import { createRetentionStore } from '../../src/store/retention';
import { startTestApi, type TestApi, type TestClient } from '../support/api';

let api: TestApi;
let client: TestClient;
let webhookId: string;

beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());
beforeEach(async () => {
  client = await api.newClient();
  const body = { targetUrl: 'https://example.com', events: ['everhook.test'] };
  webhookId = ((await send('POST', '/api/v1/webhooks', body)).json as { id: string }).id;
});

const send = (method: string, path: string, body?: object) =>
  api.call(method, path, { token: client.token, ...(body && { body }) });

/** An event whose delivery failed. */
async function failed(id: string): Promise<string> {
  const { json } = await send('POST', '/api/v1/events', { id, type: 'everhook.test', payload: { private: 'x' } });
  const [delivery] = (json as { deliveries: { id: string }[] }).deliveries;
  const deliveryId = delivery?.id ?? '';
  const made = { number: 1, startedAt: new Date().toISOString(), durationMs: 5, statusCode: 500 };
  await api.dependencies.deliveries.recordAttempt(
    { tenantId: client.tenantId, deliveryId },
    { ...made, errorClass: 'http_status', responseBody: 'secret of somebody', responseHeaders: { via: 'somebody' } },
    { status: 'failed', dueAt: null },
  );
  return deliveryId;
}
/** As if PAYLOAD_RETENTION were over for all that there is. */
async function removePayloads() {
  // It begins where it ended, and these events are of the same second.
  await api.database('retention_progress').update({ payloads_gone_until: new Date(0) });
  return createRetentionStore(api.database).removePayloads({ before: new Date(Date.now() + 60_000) });
}

it('an event whose payload is no longer kept is shown with null, its attempts without what receivers answered', async () => {
  const deliveryId = await failed('e1');
  expect((await send('GET', '/api/v1/events/e1')).json).toMatchObject({ payload: { private: 'x' } });
  await removePayloads();
  const event = await send('GET', '/api/v1/events/e1');
  expect(event).toMatchObject({ status: 200, json: { id: 'e1', type: 'everhook.test', payload: null } });
  const { json } = await send('GET', `/api/v1/deliveries/${deliveryId}`);
  expect((json as { attempts: object[] }).attempts).toEqual([
    expect.objectContaining({ number: 1, statusCode: 500, errorClass: 'http_status' }),
  ]);
  expect(JSON.stringify(json)).not.toMatch(/responseBody|somebody/);
  const again = { id: 'e1', type: 'everhook.test', payload: { private: 'x' } };
  expect(await send('POST', '/api/v1/events', again)).toMatchObject({ status: 202, json: { duplicate: true } });
});

it('it is not delivered once more: 409, which says why, and nothing is stored', async () => {
  const deliveryId = await failed('e2');
  await removePayloads();
  const retry = await send('POST', `/api/v1/deliveries/${deliveryId}/retry`);
  expect(retry).toMatchObject({ status: 409, json: { detail: 'The payload of its event is no longer kept.' } });

  const kept = await failed('e3');
  const since = '2026-01-01T00:00:00Z';
  for (const dryRun of [true, false]) {
    const recover = await send('POST', `/api/v1/webhooks/${webhookId}/recover`, { since, dryRun });
    expect(recover.status).toBe(409);
    expect((recover.json as { detail: string }).detail).toMatch(/no longer kept: choose a later `since`/);
  }
  const { json } = await send('GET', '/api/v1/deliveries');
  expect((json as { data: { id: string }[] }).data.map(({ id }) => id)).toEqual([kept, deliveryId]);
});
