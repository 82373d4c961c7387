import { Secret } from '../../src/domain/secret';
import { consentIdOf } from '../../src/domain/consent/id';
import { hashPassword } from '../../src/platform/passwords';
import { createCredentialWorkStore } from '../../src/store/credential-work';
import type { TestApi, TestClient } from '../support/api';

/** A tenant, how it calls, and what it owns. */
export interface Holder {
  client: TestClient;
  /** Of its portal. */
  basic: string;
}

/** What a tenant owns. */
export interface Estate {
  /** Path of the OpenAPI document up to the parameter, and what stands there: ids of objects that exist. */
  paths: Record<string, string[]>;
  webhookIds: string[];
  eventId: string;
  eventType: string;
  channel: string;
  credential: { apiKeyId: string; appSlug: string; appName: string; developer: string };
}

let passwordHash: Promise<string> | undefined;
let portals = 0;

/** A tenant that owns nothing yet. */
export async function newHolder(api: TestApi): Promise<Holder> {
  const client = await api.newClient();
  const password = new Secret('correct horse');
  passwordHash ??= hashPassword(password);
  const username = `portal-${(portals += 1)}`;
  await api.dependencies.portals.configure({
    tenantId: client.tenantId,
    username,
    passwordHash: await passwordHash,
    credentialType: 'API_KEY',
    region: null,
    userPoolId: null,
    scopes: { byApi: {}, defaults: [] },
    tokenUrl: null,
  });
  return { client, basic: `Basic ${Buffer.from(`${username}:${password.reveal()}`).toString('base64')}` };
}

/**
 * Gives a tenant one of everything that has an id. `name` is in all names that it chooses. `count` of what is numbered
 * within the tenant, so that the last number is one that a tenant with fewer does not have.
 */
export async function giveEstate(
  api: TestApi,
  { client }: Holder,
  { name, count }: { name: string; count: number },
): Promise<Estate> {
  const post = async (path: string, body: object) => {
    const answer = await api.call('POST', path, { token: client.token, body });
    if (answer.status >= 300) throw new Error(`${path}: ${answer.status} ${answer.text}`);
    return answer.json as { id: string; ID: number; consentId: string; deliveries: { id: string }[] };
  };
  const url = 'https://example.com';
  const eventType = `${name}.alone`;
  const channel = `${name}-channel`;
  await api.call('PUT', `/api/v1/event-types/${eventType}`, {
    token: client.token,
    body: { description: 'Its own.' },
  });
  const everhook = await post('/api/v1/webhooks', {
    targetUrl: url,
    events: [eventType, 'everhook.test'],
    channels: [channel],
  });
  const sovrin = await post('/v1/webhooks', { url, events: ['OpenIdCredentialIssued'] });
  const iceye = await post('/api/notifications/v1/webhooks', { targetURL: url });
  const celcoin = await post('/api/smart-keys/interceptors', { endpoint: url, type: 'DATA' });
  let number = 0;
  for (let made = 0; made < count; made += 1) {
    number = (await post('/portal-api/webhooks', { URL: url, Events: ['UserRegistered'] })).ID;
  }
  let headerNumber = 0;
  for (let made = 0; made < count; made += 1) {
    const header = await post(`/portal-api/webhooks/${number}/headers`, { Name: `X-Own-${made}`, Value: 'value' });
    headerNumber = header.ID;
  }
  const tyk = await api.dependencies.webhooks.findByNumber(client.tenantId, 'tyk', number);
  const event = await post('/api/v1/events', { id: `${name}-event`, type: 'everhook.test', payload: {}, channel });
  const consent = await post('/api/v1/consents', {
    type: 'DATA',
    loggedUser: { document: { identification: '12345678909', rel: 'CPF' } },
    permissions: ['ACCOUNTS_READ'],
  });
  const { credentialId, ...credential } = await giveCredential(api, client.tenantId, name);
  const webhookIds = [everhook.id, sovrin.id, iceye.id, celcoin.id, tyk?.id ?? ''];
  return {
    webhookIds,
    eventId: event.id,
    eventType,
    channel,
    credential,
    paths: {
      '/api/v1/webhooks/{id}': webhookIds,
      '/v1/webhooks/{id}': [sovrin.id, everhook.id],
      '/api/notifications/v1/webhooks/{id}': [iceye.id, everhook.id],
      '/api/smart-keys/interceptors/{id}': [celcoin.id, everhook.id],
      '/portal-api/webhooks/{webhook_id}': [String(number)],
      '/portal-api/webhooks/{webhook_id}/headers/{header_id}': [String(headerNumber)],
      '/api/v1/events/{id}': [event.id],
      '/api/v1/event-types/{name}': [eventType],
      '/api/v1/deliveries/{id}': event.deliveries.map(({ id }) => id),
      '/api/v1/consents/{consentId}': [consent.consentId],
      '/api/v1/credentials/{id}': [credentialId],
    },
  };
}

/** Ids of the same shapes that nobody has. */
export const unknownIds: Record<string, string> = {
  id: '0198c0de-0000-7000-8000-000000000001',
  webhook_id: '2147483646',
  header_id: '2147483646',
  name: 'nobodys.alone',
  consentId: consentIdOf('0198c0de-0000-7000-8000-000000000001'),
};

async function giveCredential(api: TestApi, tenantId: string, name: string) {
  const { credentials } = api.dependencies;
  const work = createCredentialWorkStore({ ...api.dependencies, database: api.database });
  const app = { appName: `${name} app`, appSlug: `${name}-app-slug`, developer: `${name}@example.com` };
  const acceptance = await credentials.acceptCreate(
    tenantId,
    {
      ...app,
      credentialType: 'API_KEY',
      apis: [{ id: 'api1', usagePlans: ['plan1'] }],
      scopes: [],
      region: null,
      userPoolId: null,
    },
    {
      tenantId,
      actor: 'portal:test',
      action: 'credential.create',
      objectType: 'credential',
      fields: [],
      address: null,
      requestId: null,
      outcome: 'success',
    },
  );
  if (acceptance.kind !== 'accepted') throw new Error(`a creation is ${acceptance.kind}`);
  const { operation } = acceptance;
  const apiKeyId = `key-of-${tenantId.slice(-12)}`;
  await work.open(operation);
  await work.rememberAwsId(operation, apiKeyId);
  await work.record(operation, { kind: 'provisioned' });
  if (!(await credentials.handOver(operation))) throw new Error('a credential was not handed over');
  return { ...app, apiKeyId, credentialId: operation.credentialId };
}
