import { createTestDatabase, type TestDatabase } from '../support/database';
import {
  createTenant,
  everhookCodec,
  eventually,
  startEverhook,
  tenantApi,
  type EverhookProcess,
  type Surroundings,
  type TenantApi,
} from '../support/everhook';
import { startReceiver, type HttpReceiver } from '../support/receivers';
import { devServer, quietTemporal, testTaskQueue } from '../support/temporal';
import { consentClient, cpf, eventsAt, newConsent, register, type ConsentJson } from './consents';
import { rawHistory } from '../support/raw-history';
import { textsIn } from '../support/texts';

describe('a consent', () => {
  const server = devServer();
  let database: TestDatabase;
  let receiver: HttpReceiver;
  let everhook: EverhookProcess;
  let api: TenantApi;
  let stranger: TenantApi;
  let credentials: Awaited<ReturnType<typeof createTenant>>;

  beforeAll(async () => {
    quietTemporal();
    database = await createTestDatabase();
    receiver = await startReceiver();
    const surroundings: Surroundings = {
      databaseUrl: database.url,
      temporalAddress: server.address,
      taskQueue: testTaskQueue(),
      allow: [receiver.url],
      settings: {
        CONSENT_DECISION_TIMEOUT: '6s',
        CONSENT_CONSUMPTION_TIMEOUT: '4s',
        TEMPORAL_UI_URL: server.uiUrl,
      },
    };
    everhook = await startEverhook('start', surroundings);
    credentials = await createTenant(surroundings);
    api = await tenantApi(() => everhook.url, credentials);
    stranger = await tenantApi(() => everhook.url, await createTenant(surroundings, 'Stranger'));
    await register(api, receiver, { data: '/data', payment: '/payment', everything: '/everything' });
    await register(stranger, receiver, { data: '/stranger', payment: '/stranger', everything: '/stranger' });
  }, 60_000);

  afterAll(async () => {
    await everhook?.stop();
    await receiver?.close();
    await server.close();
    await database?.drop();
  });

  const consents = () => consentClient(api);
  const at = (path: string, { consentId }: ConsentJson) => eventsAt(receiver, path, consentId);
  const arrived = (path: string, consent: ConsentJson, names: string[]) =>
    eventually(
      () => Promise.resolve(at(path, consent).map(({ event }) => event)),
      (events) => names.every((name) => events.includes(name)),
    );

  it('that is approved and consumed tells of it, and never expires', async () => {
    const consent = await consents().create();
    expect(await consents().act(consent, 'approve')).toMatchObject({ status: 200, body: { status: 'AUTHORISED' } });
    const consumed = await consents().act(consent, 'consume');
    expect(consumed).toMatchObject({ status: 200, body: { status: 'CONSUMED', expiresAt: null } });
    const told = ['before:consent:create', 'after:consent:create', 'consent:approved'];
    await arrived('/data', consent, told);
    const expected = await consents().create();
    await consents().until(expected, 'EXPIRED');
    await arrived('/data', expected, ['consent:expired']);
    expect(
      at('/data', consent)
        .map(({ event }) => event)
        .sort(),
    ).toEqual(told.sort());
    expect(await consents().read(consent)).toMatchObject({ status: 'CONSUMED' });
  });

  it('expires at its deadline to the millisecond, told as such and once, soon after', async () => {
    const consent = await consents().create();
    const { statusUpdatedAt } = await consents().until(consent, 'EXPIRED');
    expect(statusUpdatedAt).toBe(consent.expiresAt);
    expect(Date.now() - Date.parse(statusUpdatedAt)).toBeLessThan(5_000);
    await arrived('/data', consent, ['consent:expired']);
    const [expired, ...others] = at('/data', consent).filter(({ event }) => event === 'consent:expired');
    expect(others).toEqual([]);
    expect(expired?.data).toEqual({
      consentId: consent.consentId,
      type: 'DATA',
      status: 'EXPIRED',
      createdAt: consent.createdAt,
      statusUpdateDateTime: consent.expiresAt,
      expiredAt: consent.expiresAt,
    });
    for (const action of ['approve', 'reject', 'consume', 'revoke']) {
      expect((await consents().act(consent, action)).status).toBe(409);
    }
  });

  it('that is decided and not consumed expires when the second time is over, counted from the decision', async () => {
    const [approved, rejected] = [await consents().create(), await consents().create()];
    await consents().act(approved, 'approve');
    const decided = (await consents().act(rejected, 'reject')).body;
    expect(Date.parse(decided.expiresAt ?? '')).toBe(Date.parse(decided.statusUpdatedAt) + 4_000);
    for (const consent of [approved, rejected]) {
      await consents().until(consent, 'EXPIRED');
      await arrived('/data', consent, ['consent:expired']);
    }
    expect((await consents().read(rejected)).statusUpdatedAt).toBe(decided.expiresAt);
  });

  it('that is revoked tells of it, and is not expired afterwards', async () => {
    const consent = await consents().create();
    await consents().act(consent, 'approve');
    expect(await consents().act(consent, 'revoke')).toMatchObject({ status: 200, body: { status: 'REVOKED' } });
    expect((await consents().act(consent, 'revoke')).status).toBe(409);
    await arrived('/data', consent, ['consent:approved', 'consent:revoke']);
    const later = await consents().create();
    await consents().until(later, 'EXPIRED');
    expect(at('/data', consent).map(({ event }) => event)).not.toContain('consent:expired');
    expect(await consents().read(consent)).toMatchObject({ status: 'REVOKED' });
  });

  it('is heard of by the Celcoin webhook of its type, by whoever subscribed, and by no other tenant', async () => {
    const payment = await consents().create({ type: 'PAYMENT' });
    await consents().act(payment, 'approve');
    const told = ['before:consent:create', 'after:consent:create', 'consent:approved'];
    await arrived('/payment', payment, told);
    await arrived('/everything', payment, told);
    expect(at('/data', payment)).toEqual([]);
    expect(at('/stranger', payment)).toEqual([]);
    expect(await consentClient(stranger).act(payment, 'consume')).toMatchObject({ status: 404 });
    const { body } = await stranger.call<{ data: unknown[] }>('GET', '/api/v1/consents');
    expect(body.data).toEqual([]);
  });

  it('whose request breaks the rules is told of as a request alone', async () => {
    const { status } = await api.call('POST', '/api/v1/consents', { ...newConsent, type: 'PAYMENT', permissions: [] });
    expect(status).toBe(422);
    const requests = () => eventsAt(receiver, '/payment').filter(({ event }) => event === 'before:consent:create');
    const created = await consents().create({ type: 'PAYMENT' });
    await arrived('/payment', created, ['before:consent:create', 'after:consent:create']);
    const told = await eventually(
      () => Promise.resolve(requests().map(({ data }) => String(data.consentId))),
      (ids) => new Set(ids).size >= 2,
    );
    const { body } = await api.call<{ data: ConsentJson[] }>('GET', '/api/v1/consents?type=PAYMENT');
    const known = body.data.map(({ consentId }) => consentId);
    const unknown = told.filter((id) => !known.includes(id));
    expect(unknown).toHaveLength(1);
    expect(eventsAt(receiver, '/payment', unknown[0]).map(({ event }) => event)).toEqual(['before:consent:create']);
  });

  it('approved and rejected by 20 at once has one decision and one event', async () => {
    const consent = await consents().create();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) => consents().act(consent, n % 2 === 0 ? 'approve' : 'reject')),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([...Array(10).fill(200), ...Array(10).fill(409)]);
    const { status } = await consents().read(consent);
    const [kept, lost] = status === 'AUTHORISED' ? ['approved', 'rejected'] : ['rejected', 'approved'];
    await arrived('/data', consent, [`consent:${kept}`]);
    await consents().until(consent, 'EXPIRED');
    await arrived('/data', consent, ['consent:expired']);
    const events = at('/data', consent).map(({ event }) => event);
    expect(events.filter((event) => event === `consent:${kept}`)).toHaveLength(1);
    expect(events).not.toContain(`consent:${lost}`);
  }, 60_000);

  it('can be opened in the Web UI by its link, and found by its attributes', async () => {
    const consent = await consents().create();
    await consents().act(consent, 'approve');
    const { workflowId, temporalUrl } = await consents().read(consent);
    expect(temporalUrl).toBe(`${server.uiUrl}/namespaces/default/workflows/${encodeURIComponent(workflowId)}`);
    const client = await server.client();
    const query = `TenantId = '${credentials.tenantId}' AND ConsentStatus = 'AUTHORISED' AND ConsentType = 'DATA'`;
    await eventually(
      async () => {
        const found: string[] = [];
        for await (const one of client.workflow.list({ query })) found.push(one.workflowId);
        return found;
      },
      (found) => found.includes(workflowId),
    );
  });

  it('leaves no document number and no reason in a log, an event or a Temporal history', async () => {
    const consent = await consents().create();
    const reason = 'canary-reason';
    expect((await consents().act(consent, 'revoke', { reason })).status).toBe(200);
    await arrived('/data', consent, ['consent:revoke']);
    const client = await server.client();
    const history = await client.workflow.getHandle(consent.workflowId).fetchHistory();
    const { readable, encryptedPayloads } = rawHistory(history);
    const payloads = textsIn(await everhookCodec().decode(encryptedPayloads));
    const told = receiver.requests.map(({ body, headers }) => body.toString() + JSON.stringify(headers));
    const everywhere = [readable, ...payloads, ...told, everhook.output()].join('\n');
    expect(payloads.join('\n')).toContain(consent.consentId.replace('urn:everhook:', ''));
    expect(everywhere).not.toContain(cpf);
    expect(everywhere).not.toContain(reason);
    expect(everywhere).not.toContain('RESOURCES_READ');
  });
});
