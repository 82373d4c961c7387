import { randomBytes } from 'node:crypto';
import { consentPermissions } from '../../src/domain/consent/permissions';
import { createKeyring, parseEncryptionKeys } from '../../src/platform/keyring';
import { createAuditStore } from '../../src/store/audit';
import { createConsentStore } from '../../src/store/consents';
import { createDatabase } from '../../src/store/database';
import { createEventStore } from '../../src/store/events';
import { anyRequestId, startTestApi, type TestApi, type TestClient } from '../support/api';
import { consentsOf, cpf, newConsent, type ConsentJson } from './consents';

let api: TestApi;
let client: TestClient;
let consents: ReturnType<typeof consentsOf>;

beforeAll(async () => {
  api = await startTestApi();
});
beforeEach(async () => {
  client = await api.newClient();
  consents = consentsOf(api, client);
});
afterAll(() => api.close());

const minutes = (count: number) => count * 60_000;
const inDays = (count: number) => new Date(Date.now() + count * 86_400_000).toISOString();
const withDocument = (document: unknown) => ({ loggedUser: { document } });

describe('creating a consent', () => {
  it('answers 201 with exactly what the contract shows, and nothing of the person', async () => {
    const answer = await consents.call('POST', '', { ...newConsent, expirationDateTime: inDays(300) });
    expect(answer.status).toBe(201);
    const consent = answer.json as ConsentJson;
    const [, uuid] = /^urn:everhook:([0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12})$/.exec(
      consent.consentId,
    ) ?? ['', ''];
    const workflowId = `consent/${client.tenantId}/${uuid}`;
    expect(consent).toEqual({
      consentId: expect.stringMatching(/^urn:everhook:.{36}$/),
      type: 'DATA',
      status: 'AWAITING_AUTHORISATION',
      permissions: ['ACCOUNTS_READ', 'RESOURCES_READ'],
      createdAt: expect.any(String),
      statusUpdatedAt: consent.createdAt,
      expiresAt: new Date(Date.parse(consent.createdAt) + minutes(60)).toISOString(),
      workflowId,
      temporalUrl: `http://localhost:8233/namespaces/default/workflows/${encodeURIComponent(workflowId)}`,
    });
    expect(answer.headers.get('location')).toBe(`/api/v1/consents/${consent.consentId}`);
    expect(await consents.read(consent.consentId)).toEqual(consent);
  });

  it('tells first of the request and then of the consent, with the same id, and starts the run', async () => {
    const { consentId } = await consents.create({ type: 'PAYMENT' });
    expect(await consents.events()).toEqual(['before:consent:create', 'after:consent:create']);
    const event = async (name: string) =>
      (await api.call('GET', `/api/v1/events/${consentId}:${name}`, { token: client.token })).json;
    expect(await event('before:consent:create')).toMatchObject({
      channel: 'PAYMENT',
      payload: { consentId, type: 'PAYMENT', status: 'REQUESTED' },
    });
    expect(await event('after:consent:create')).toMatchObject({
      channel: 'PAYMENT',
      payload: { consentId, type: 'PAYMENT', status: 'AWAITING_AUTHORISATION' },
    });
    expect(api.consentRuns.started.at(-1)).toMatchObject({ tenantId: client.tenantId, type: 'PAYMENT' });
  });

  it.each([
    ['every permission there is', { permissions: consentPermissions }],
    ['an end in exactly twelve months', { expirationDateTime: inTwelveMonths() }],
    ['an end before its deadline for a decision', { expirationDateTime: new Date(Date.now() + 60_000).toISOString() }],
    ['a number whose check digits are wrong', withDocument({ identification: '00000000000', rel: 'CPF' })],
  ])('takes %s', async (_what, more) => {
    expect(await consents.create(more)).toMatchObject({ status: 'AWAITING_AUTHORISATION' });
  });

  it('keeps its deadline although the consent itself ends before it', async () => {
    const consent = await consents.create({ expirationDateTime: new Date(Date.now() + 60_000).toISOString() });
    expect(Date.parse(consent.expiresAt ?? '')).toBe(Date.parse(consent.createdAt) + minutes(60));
  });

  it('is a line in the audit log that names fields and holds no value', async () => {
    const { consentId } = await consents.create();
    const audit = await api.call('GET', '/api/v1/audit?action=consent.create', { token: client.token });
    const { data } = audit.json as { data: { objectId: string; fields: string[] }[] };
    expect(data).toMatchObject([
      { action: 'consent.create', objectType: 'consent', fields: ['type', 'loggedUser', 'permissions'] },
    ]);
    expect(data[0]?.objectId).toBe(consentId);
  });
});

const documentOf = (identification: unknown) => withDocument({ identification, rel: 'CPF' });

describe('a known key with a value that breaks the rules', () => {
  it.each<[string, Record<string, unknown>, string]>([
    ['ten digits', documentOf('1234567890'), '/loggedUser/document/identification'],
    ['a number with punctuation', documentOf('746.820.519-37'), '/loggedUser/document/identification'],
    ['other digits than those of ASCII', documentOf('７４６８２０５１９３７'), '/loggedUser/document/identification'],
    ['a number that is no text', documentOf(Number(cpf)), '/loggedUser/document/identification'],
    ['a line end behind the digits', documentOf(`${cpf}\n`), '/loggedUser/document/identification'],
    ['another document', withDocument({ identification: cpf, rel: 'CNPJ' }), '/loggedUser/document/rel'],
    ['no document', { loggedUser: {} }, '/loggedUser/document'],
    ['no user', { loggedUser: undefined }, '/loggedUser'],
    ['a user that is a list', { loggedUser: [cpf] }, '/loggedUser'],
    ['no permission', { permissions: [] }, '/permissions'],
    ['permissions that are left out', { permissions: undefined }, '/permissions'],
    ['an unknown permission', { permissions: ['ACCOUNTS_READ', 'EVERYTHING_READ'] }, '/permissions/1'],
    ['a permission twice', { permissions: ['ACCOUNTS_READ', 'ACCOUNTS_READ'] }, '/permissions'],
    ['101 permissions', { permissions: Array(101).fill('ACCOUNTS_READ') }, '/permissions'],
    ['an end in the past', { expirationDateTime: '2020-01-01T00:00:00Z' }, '/expirationDateTime'],
    ['an end in 13 months', { expirationDateTime: inDays(396) }, '/expirationDateTime'],
    ['an end that is no timestamp', { expirationDateTime: 'tomorrow' }, '/expirationDateTime'],
  ])('%s: 422, and only the request is told of', async (_what, more, pointer) => {
    const started = api.consentRuns.started.length;
    const answer = await consents.call('POST', '', { ...newConsent, ...more });
    expect(answer.status).toBe(422);
    expect(answer.json).toMatchObject({
      type: '/problems/unprocessable',
      status: 422,
      detail: 'The consent can not be created.',
      requestId: anyRequestId,
    });
    const { errors } = answer.json as { errors: { pointer: string }[] };
    expect(errors.map((error) => error.pointer)).toContain(pointer);
    expect(await consents.events()).toEqual(['before:consent:create']);
    expect((await consents.call('GET', '')).json).toEqual({ data: [], nextCursor: null });
    expect(api.consentRuns.started).toHaveLength(started);
  });

  it('leaves an id behind that is nobody’s, and each request has its own', async () => {
    const invalid = { ...newConsent, permissions: [] };
    await consents.call('POST', '', invalid);
    await consents.call('POST', '', invalid);
    const list = await api.call('GET', '/api/v1/events', { token: client.token });
    const ids = (list.json as { data: { id: string }[] }).data.map(({ id }) => id.replace(/:before.*/, ''));
    expect(new Set(ids).size).toBe(2);
    for (const id of ids) expect((await consents.call('GET', `/${id}`)).status).toBe(404);
  });
});

it('deliveries of a consent, and of a request that became none, are started at once', async () => {
  const webhook = { targetUrl: 'https://example.com', events: ['before:consent:create', 'after:consent:create'] };
  expect((await api.call('POST', '/api/v1/webhooks', { token: client.token, body: webhook })).status).toBe(201);
  const started = () => api.runs.started.filter(({ tenantId }) => tenantId === client.tenantId);
  await consents.create();
  expect(started().map(({ eventType }) => eventType)).toEqual(['before:consent:create', 'after:consent:create']);
  await consents.call('POST', '', { ...newConsent, permissions: [] });
  expect(started()).toHaveLength(3);
});

describe('a body of another shape', () => {
  it.each<[string, unknown]>([
    ['an unknown key', { ...newConsent, status: 'AUTHORISED' }],
    ['an unknown key beside invalid values', { ...newConsent, permissions: Array(30).fill('x'), extra: 1 }],
    ['an unknown key of the user', { ...newConsent, loggedUser: { ...newConsent.loggedUser, name: 'Ana' } }],
    ['an unknown key of the document', { ...newConsent, ...withDocument({ identification: cpf, rel: 'CPF', of: 1 }) }],
    ['no type', { ...newConsent, type: undefined }],
    ['an unknown type', { ...newConsent, type: 'CREDIT' }],
    ['a type of another case', { ...newConsent, type: 'data' }],
    ['a type that is no text', { ...newConsent, type: ['DATA'] }],
    ['an empty object', {}],
    ['a list', [newConsent]],
    ['half a body', JSON.stringify(newConsent).slice(0, -1)],
    ['a key twice', `{"type":"DATA",${JSON.stringify(newConsent).slice(1)}`],
    ['nothing', undefined],
  ])('%s: 400, and nothing is told of', async (_what, body) => {
    const answer = await consents.call('POST', '', body);
    expect(answer.status).toBe(400);
    expect(await consents.events()).toEqual([]);
  });

  it('is not JSON: 415; too large: 413; and nothing is told of', async () => {
    expect((await consents.call('POST', '', 'type=DATA', { 'Content-Type': 'text/plain' })).status).toBe(415);
    const large = JSON.stringify({ ...newConsent, permissions: ['x'.repeat(300_000)] });
    expect((await consents.call('POST', '', large)).status).toBe(413);
    expect(await consents.events()).toEqual([]);
  });
});

describe('an event of a consent', () => {
  const publish = (body: object, headers: Record<string, string> = {}) =>
    api.call('POST', '/api/v1/events', { token: client.token, headers, body });

  it('can be published by whoever may publish, which changes no consent', async () => {
    const { consentId } = await consents.create();
    const payload = { consentId, status: 'REVOKED', type: 'DATA' };
    expect((await publish({ type: 'consent:revoke', payload })).status).toBe(202);
    expect(await consents.read(consentId)).toMatchObject({ status: 'AWAITING_AUTHORISATION' });
  });

  it('can not be published ahead with the id that the consent will give it', async () => {
    const { consentId } = await consents.create();
    const id = `${consentId}:consent:approved`;
    const event = { type: 'consent:approved', payload: { consentId, status: 'AUTHORISED', type: 'DATA' } };
    const problem = { status: 422, json: { errors: [{ pointer: '/id' }] } };
    expect(await publish({ ...event, id })).toMatchObject(problem);
    expect(await publish(event, { 'Idempotency-Key': id })).toMatchObject(problem);
    const batch = await api.call('POST', '/api/v1/events/batch', {
      token: client.token,
      body: { events: [{ ...event, id }] },
    });
    expect(batch.json).toMatchObject({ results: [{ status: 422 }] });
    await consents.act(consentId, 'approve');
    expect(await consents.events()).toEqual(['before:consent:create', 'after:consent:create', 'consent:approved']);
  });
});

describe('the document number', () => {
  it('is stored encrypted, and in no answer, event, log line or audit entry', async () => {
    const answers = [
      await consents.call('POST', '', newConsent),
      await consents.call('POST', '', { ...newConsent, permissions: [] }),
      await consents.call('POST', '', { ...newConsent, unknown: true }),
      await consents.call('POST', '', { ...newConsent, ...documentOf(`${cpf}0`) }),
      await consents.call('POST', '', { ...newConsent, ...documentOf(Number(cpf)) }),
      await consents.call('POST', '', { ...newConsent, loggedUser: cpf }),
      await consents.call('POST', '', { ...newConsent, type: cpf }),
      await consents.call('POST', '', { ...newConsent, permissions: [cpf] }),
      await consents.call('POST', '', { ...newConsent, expirationDateTime: cpf }),
      await consents.call('GET', ''),
    ];
    expect(answers.filter(({ text }) => text.includes(cpf))).toEqual([]);
    expect(JSON.stringify(api.logged)).not.toContain(cpf);
    for (const table of ['consents', 'events', 'audit', 'consent_actions', 'deliveries']) {
      const rows = await api.database(table).where({ tenant_id: client.tenantId });
      expect([table, JSON.stringify(rows).includes(cpf)]).toEqual([table, false]);
    }
  });
});

describe('listing consents', () => {
  it('is newest first, in pages, by status and type', async () => {
    const created: ConsentJson[] = [];
    for (const type of ['DATA', 'PAYMENT', 'DATA', 'DATA']) created.push(await consents.create({ type }));
    const [first, second, third, fourth] = created.map(({ consentId }) => consentId) as [
      string,
      string,
      string,
      string,
    ];
    await consents.act(first, 'approve');
    await consents.act(second, 'reject');
    const list = async (query: string) => {
      const { status, json } = await consents.call('GET', query);
      expect(status).toBe(200);
      const { data, nextCursor } = json as { data: ConsentJson[]; nextCursor: string | null };
      return { ids: data.map(({ consentId }) => consentId), nextCursor };
    };
    const page = await list('?limit=3');
    expect(page.ids).toEqual([fourth, third, second]);
    expect(await list(`?limit=3&cursor=${page.nextCursor}`)).toEqual({ ids: [first], nextCursor: null });
    expect((await list('?type=DATA')).ids).toEqual([fourth, third, first]);
    expect((await list('?status=AUTHORISED')).ids).toEqual([first]);
    expect((await list('?type=PAYMENT&status=REJECTED')).ids).toEqual([second]);
    expect((await list('?type=PAYMENT&status=REVOKED')).ids).toEqual([]);
  });

  it.each(['status=LOST', 'type=data', 'colour=red', 'cursor=nothing', 'limit=0', 'status=EXPIRED&status=REVOKED'])(
    'refuses ?%s with 400',
    async (query) => {
      expect((await consents.call('GET', `?${query}`)).status).toBe(400);
    },
  );
});

describe('whoever may', () => {
  it('read may not write, and the other way round; without a token nobody may anything', async () => {
    const { consentId } = await consents.create();
    const { tenantId } = client;
    const reader = consentsOf(api, await api.newClient({ tenantId, scopes: ['consents:read'] }));
    const writer = consentsOf(api, await api.newClient({ tenantId, scopes: ['consents:write'] }));
    expect((await reader.call('GET', '')).status).toBe(200);
    expect((await reader.call('POST', '', newConsent)).status).toBe(403);
    expect((await reader.call('POST', '', { ...newConsent, permissions: [] })).status).toBe(403);
    expect((await reader.act(consentId, 'approve')).status).toBe(403);
    expect((await writer.call('GET', '')).status).toBe(403);
    expect((await writer.call('GET', `/${consentId}`)).status).toBe(403);
    expect((await writer.act(consentId, 'approve')).status).toBe(200);
    expect((await api.call('POST', '/api/v1/consents', { body: newConsent })).status).toBe(401);
    expect((await api.call('POST', `/api/v1/consents/${consentId}/revoke`)).status).toBe(401);
  });

  it.each(['', '/approve', '/reject', '/consume', '/revoke'])(
    'sees in another tenant’s id an unknown one: ID%s',
    async (action) => {
      const { consentId } = await consents.create();
      const stranger = consentsOf(api, await api.newClient());
      const uuid = consentId.replace('urn:everhook:', '');
      const unknown = 'urn:everhook:0198c0de-0000-7000-8000-000000000001';
      const texts = new Set<string>();
      for (const id of [unknown, consentId, uuid, 'urn:other:1', `${consentId}0`, 'urn:everhook:', '%00', 'a%2Fb']) {
        const method = action === '' ? 'GET' : 'POST';
        const answer = await stranger.call(method, `/${id}${action}`, undefined, { 'X-Request-Id': 'same' });
        expect([id, answer.status]).toEqual([id, 404]);
        texts.add(answer.text);
      }
      expect(texts.size).toBe(1);
      expect(await stranger.events()).toEqual([]);
      expect(await consents.read(consentId)).toMatchObject({ status: 'AWAITING_AUTHORISATION' });
      expect((await stranger.call('GET', '')).json).toEqual({ data: [], nextCursor: null });
    },
  );

  it('writes a URN with escaped colons, or its UUID in capitals, means the same consent', async () => {
    const { consentId } = await consents.create();
    expect((await consents.call('GET', `/${encodeURIComponent(consentId)}`)).status).toBe(200);
    const [, , uuid = ''] = consentId.split(':');
    expect(await consents.read(`urn:everhook:${uuid.toUpperCase()}`)).toMatchObject({ consentId });
  });
});

it('creating and acting count against the limit of writes, invalid requests too; reading does not', async () => {
  const limited = await startTestApi({ env: { RATE_LIMIT_WRITES: '3/h' } });
  try {
    const mine = consentsOf(limited, await limited.newClient());
    const { consentId } = await mine.create();
    expect((await mine.call('POST', '', { ...newConsent, permissions: [] })).status).toBe(422);
    expect((await mine.act(consentId, 'approve')).status).toBe(200);
    const refused = await mine.call('POST', '', { ...newConsent, permissions: [] });
    expect(refused.status).toBe(429);
    expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);
    expect((await mine.act(consentId, 'revoke')).status).toBe(429);
    expect((await mine.call('GET', '')).status).toBe(200);
    expect(await mine.events()).toEqual([
      'before:consent:create',
      'after:consent:create',
      'before:consent:create',
      'consent:approved',
    ]);
  } finally {
    await limited.close();
  }
});

it('PostgreSQL is away: 503 for what could be created and for what could not, and nobody is told', async () => {
  const nowhere = createDatabase('postgres://everhook@127.0.0.1:1/everhook', { acquireTimeoutMs: 1_000 });
  const keyring = createKeyring(parseEncryptionKeys(`k1:${randomBytes(32).toString('base64')}`));
  const away = await startTestApi({
    overrides: {
      consents: createConsentStore({
        database: nowhere,
        keyring,
        events: createEventStore(nowhere, { retryBaseMs: 2_000 }),
        audit: createAuditStore(nowhere),
        durations: { decisionMs: 1_000, consumptionMs: 1_000 },
      }),
    },
  });
  try {
    const mine = consentsOf(away, await away.newClient());
    const id = 'urn:everhook:0198c0de-0000-7000-8000-000000000001';
    const answers = [
      await mine.call('POST', '', newConsent),
      await mine.call('POST', '', { ...newConsent, permissions: [] }),
      await mine.act(id, 'approve'),
      await mine.call('GET', `/${id}`),
    ];
    expect(answers.map(({ status }) => status)).toEqual([503, 503, 503, 503]);
    expect(answers[2]?.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(away.consentRuns).toMatchObject({ started: [], acted: [] });
    expect(JSON.stringify(away.logged)).not.toContain(cpf);
  } finally {
    await away.close();
    await nowhere.destroy();
  }
});

function inTwelveMonths(): string {
  const then = new Date();
  then.setUTCFullYear(then.getUTCFullYear() + 1);
  return then.toISOString();
}
