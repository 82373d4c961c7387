import { startTestApi } from '../support/api';
import { minimal, openTykPortal, portalPath, type TykPortal, type TykRecord } from './tyk-portal';

let portal: TykPortal;

beforeAll(async () => {
  portal = await openTykPortal();
});
afterAll(() => portal.api.close());

it("takes the token alone, as Tyk's clients send it, where other paths take it as Bearer only", async () => {
  const headers = { Authorization: portal.client.token };
  const body = JSON.stringify(minimal);
  const created = await portal.api.call('POST', portalPath, {
    headers: { ...headers, 'Content-Type': 'application/json' },
    body,
  });
  expect(created.status).toBe(201);
  const { ID } = created.json as TykRecord;
  for (const rest of ['', `/${ID}`, `/${ID}/headers`]) {
    expect((await portal.api.call('GET', portalPath + rest, { headers })).status).toBe(200);
  }
  expect((await portal.api.call('GET', '/api/v1/webhooks', { headers })).status).toBe(401);
  expect(
    (await portal.api.call('GET', portalPath, { headers: { Authorization: `${portal.client.token}x` } })).status,
  ).toBe(401);
});

it('keeps the spelling of the setting with each webhook', async () => {
  const { ID } = await portal.create({ Events: ['OrganizationRegistered'] });
  const british = await startTestApi({ env: { TYK_EVENT_SPELLING: 'Organisation' } });
  try {
    const { token, tenantId } = await british.newClient();
    const body = { ...minimal, Events: ['OrganizationRegistered', 'UserRegistered'] };
    const created = await british.call('POST', portalPath, { token, body });
    expect(created.json).toMatchObject({ Events: ['OrganisationRegistered', 'UserRegistered'] });
    const [stored] = (await british.dependencies.webhooks.listNumbered(tenantId, 'tyk', { offset: 0, limit: 1 }))
      .webhooks;
    expect(stored).toMatchObject({
      events: ['OrganizationRegistered', 'UserRegistered'],
      settings: { spelling: 'Organisation' },
    });
  } finally {
    await british.close();
  }
  expect((await portal.call('GET', `/${ID}`)).json).toMatchObject({ Events: ['OrganizationRegistered'] });
});

it('leaves a line in the audit log for every change, with names and no values', async () => {
  const { token } = await portal.api.newClient();
  const { ID } = await portal.create({ Name: 'canary' }, token);
  await portal.call('PUT', `/${ID}`, { ...minimal, Headers: [{ Name: 'X-Key', Value: 'canary' }] }, token);
  await portal.call('POST', `/${ID}/headers`, { Name: 'X-Token', Value: 'canary' }, token);
  await portal.call('PUT', `/${ID}/headers/1`, { Name: 'X-Key', Value: 'canary2' }, token);
  await portal.call('DELETE', `/${ID}/headers/1`, undefined, token);
  await portal.call('POST', `/${ID}/test-connection`, undefined, token);
  await portal.call('DELETE', `/${ID}`, undefined, token);
  const answer = await portal.api.call('GET', '/api/v1/audit', { token });
  const { data } = answer.json as { data: { action: string; fields: string[] }[] };
  expect(data.reverse().map(({ action }) => action)).toEqual([
    'webhook.create',
    ...Array<string>(4).fill('webhook.update'),
    'webhook.test_connection',
    'webhook.delete',
  ]);
  expect(data[2]?.fields).toEqual(['Headers']);
  expect(answer.text + JSON.stringify(portal.api.logged)).not.toContain('canary');
});

describe('the native API', () => {
  it('shows a Tyk webhook as any other', async () => {
    const { ID } = await portal.create({ Name: 'CRM', Timeout: 60, Headers: [{ Name: 'X-Key', Value: 'canary' }] });
    const answer = await portal.api.call('GET', await portal.nativePath(ID), { token: portal.client.token });
    expect(answer.json).toMatchObject({
      contract: 'tyk',
      targetUrl: minimal.URL,
      events: ['UserRegistered'],
      description: 'CRM',
      disabled: false,
      authType: 'noauth',
      timeoutMs: 60_000,
      maxRetries: 3,
      headers: { 'X-Key': '[redacted]' },
    });
  });

  it('changes it, and both see the same', async () => {
    const { ID } = await portal.create();
    const changes = { timeoutMs: 59_001, maxRetries: 10, events: ['PasswordReset', 'UserRegistered'] };
    const answer = await portal.api.call('PATCH', await portal.nativePath(ID), {
      token: portal.client.token,
      body: changes,
    });
    expect(answer.status).toBe(200);
    expect((await portal.call('GET', `/${ID}`)).json).toMatchObject({ Timeout: 60, Events: changes.events });
    for (const body of [{ timeoutMs: 60_001 }, { maxRetries: 11 }, { events: ['everhook.test'] }]) {
      expect(
        (await portal.api.call('PATCH', await portal.nativePath(ID), { token: portal.client.token, body })).status,
      ).toBe(400);
    }
  });

  it('subscribes it to everything, which the portal shows as the fourteen events and takes back', async () => {
    const { ID } = await portal.create();
    const body = { events: ['*'] };
    await portal.api.call('PATCH', await portal.nativePath(ID), { token: portal.client.token, body });
    const record = (await portal.call('GET', `/${ID}`)).json as TykRecord & { Events: string[] };
    expect(record.Events).toHaveLength(14);
    expect((await portal.call('PUT', `/${ID}`, record)).json).toMatchObject({ Events: record.Events });
  });

  it('changes its headers, and their IDs stay what they were', async () => {
    const Headers = ['A', 'B', 'X-Key'].map((Name) => ({ Name, Value: 'canary' }));
    const { ID } = await portal.create({ Headers });
    const headers = { new: 'n', 'x-key': '[redacted]', b: 'other' };
    await portal.api.call('PATCH', await portal.nativePath(ID), { token: portal.client.token, body: { headers } });
    const expected = [
      { ID: 2, Name: 'b', Value: 'other' },
      { ID: 3, Name: 'x-key', Value: '[redacted]' },
      { ID: 4, Name: 'new', Value: 'n' },
    ];
    expect(((await portal.call('GET', `/${ID}`)).json as TykRecord).Headers).toEqual(expected);
    await portal.api.call('PATCH', await portal.nativePath(ID), {
      token: portal.client.token,
      body: { headers: { new: 'n' } },
    });
    expect((await portal.call('GET', `/${ID}/headers`)).json).toEqual([expected[2]]);
    expect((await portal.call('POST', `/${ID}/headers`, { Name: 'A', Value: 'a' })).json).toMatchObject({ ID: 5 });
  });

  it('rotates its secret, tests it, and removes it', async () => {
    const { ID, Secret } = await portal.create({ Events: ['OrganisationRegistered'] });
    const uuid = await portal.nativePath(ID);
    const rotated = await portal.api.call('POST', `${uuid}/secret/rotate`, { token: portal.client.token });
    expect((rotated.json as { secret: string }).secret).not.toBe(Secret);
    const tested = await portal.api.call('POST', `${uuid}/test`, { token: portal.client.token });
    expect([tested.status, tested.json]).toMatchObject([202, { eventType: 'OrganizationRegistered' }]);
    expect((await portal.api.call('DELETE', uuid, { token: portal.client.token })).status).toBe(204);
    expect((await portal.call('GET', `/${ID}`)).status).toBe(404);
  });
});

describe('an event', () => {
  const publish = async (
    type: string,
    token: string,
    payload: object = { ID: 8, Name: 'ACME', CreatedAt: '2026-01-15T09:30:00.8437+02:00' },
  ) => portal.api.call('POST', '/api/v1/events', { token, body: { type, payload } });

  it('in either spelling reaches a webhook that was registered in either', async () => {
    const { token } = await portal.api.newClient();
    await portal.create({ Events: ['OrganisationRegistered'] }, token);
    await portal.create({ Events: ['OrganizationRegistered'] }, token);
    await portal.create({ Events: ['UserRegistered'] }, token);
    for (const type of ['OrganisationRegistered', 'OrganizationRegistered']) {
      const answer = await publish(type, token);
      expect(answer.status).toBe(202);
      const { deliveries } = answer.json as { deliveries: object[] };
      expect([type, deliveries.length]).toEqual([type, 2]);
    }
  });

  it('that lacks a documented key, or has another type of it, is refused', async () => {
    for (const payload of [
      { Name: 'ACME', CreatedAt: '2026-01-15T09:30:00Z' },
      { ID: '8', Name: 'A', CreatedAt: '2026-01-15T09:30:00Z' },
    ]) {
      const answer = await publish('OrganizationRegistered', portal.client.token, payload);
      expect(answer.status).toBe(422);
      expect(answer.json).toMatchObject({ errors: [{ pointer: '/payload/ID' }] });
    }
  });
});
