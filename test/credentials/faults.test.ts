import { createHash } from 'node:crypto';
import type { Heard } from '../support/credential-caller';
import { eventually } from '../support/everhook';
import { quietTemporal } from '../support/temporal';
import { callsOf, closeBench, openBench, placesOf, settled, struck, type Bench, type Call } from './bench';
import { strictCloud, type Place } from './clouds';
import { inLanes } from './lanes';
import { expectHoldings, requestOf, sagas, type Saga } from './sagas';

quietTemporal();
// Nothing here waits for time to pass; a busy machine takes what it takes.
jest.setTimeout(120_000);

const hourMs = 60 * 60_000;

let bench: Bench;
let strict: ReturnType<typeof strictCloud>;
let places: Place[];

beforeAll(async () => {
  const opened = await openBench(strictCloud);
  bench = opened;
  strict = opened.cloud;
  places = await placesOf(bench, 12);
}, 60_000);
afterAll(() => bench && closeBench(bench), 60_000);

const creations = sagas.filter(({ kind, doomed }) => kind === 'create' && !doomed);
const [createKey] = creations as [Saga];
const placeOf = (lane: number) => places[lane] as Place;

it('a fault that is never met is not taken for one that was survived', async () => {
  const fault = { kind: 'denied', operation: 'CreateApiKey', nth: 2 } as const;
  const place = await strict.prepare('eu-never');
  await expect(struck(bench, { saga: createKey, place, fault })).rejects.toThrow('"times": 0');
});

describe('a caller that hangs up', () => {
  it('leaves nothing, at whichever call of AWS it does so', async () => {
    const cells: Call[] = [];
    for (const saga of creations) cells.push(...(await callsOf(bench, placeOf(0), saga)));
    const heard: Heard[] = [];
    await inLanes(places, cells, async ({ saga, operation, nth }, place) => {
      let leave = () => {};
      const hangUp = new Promise<void>((resolve) => (leave = resolve));
      const fault = { kind: 'noticed', operation, nth } as const;
      heard.push((await struck(bench, { saga, place, fault, onStrike: leave, hangUp })).heard);
    });
    // Only where it happens while the secret is read, the last call of each, is it too late to be heard.
    expect(heard.filter(({ kind }) => kind === 'failed').length).toBeGreaterThanOrEqual(cells.length - 3);
  });

  it.each(creations)('leaves nothing when the answer can not be written: $name', async (saga) => {
    const place = placeOf(0);
    const request = requestOf(bench.engine, saga, place);
    expect(await bench.engine.create(request, { write: false })).toEqual({ kind: 'failed', code: 'given_up' });
    // Its run waits for the hand-over until the deadline: the record tells sooner.
    const { credentials } = bench.engine.stores;
    const find = () => credentials.findBy(bench.engine.tenantId, { appSlug: request.appSlug ?? '' });
    await eventually(find, (found) => found?.status === 'failed', 60_000);
    expectHoldings(await strict.holdings(place), null, saga);
  });
});

describe('twenty requests at once', () => {
  const twenty = Array.from({ length: 20 }, (_, index) => index);

  it.each(creations)('that are the same get the same credential: $name', async (saga) => {
    const place = placeOf(creations.indexOf(saga) + 6);
    const request = requestOf(bench.engine, saga, place);
    const heard = await Promise.all(twenty.map(() => bench.engine.create(request)));
    expect(new Set(heard.map((one) => JSON.stringify(one))).size).toBe(1);
    const [made] = heard;
    if (made?.kind !== 'created') throw new Error(JSON.stringify(made));
    await settled(bench, request);
    expectHoldings(await strict.holdings(place), { name: 'before', plans: [0, 1], scopes: ['rs/read'] }, saga, made);
  });

  it('that differ leave the credential of one of them, and a conflict for the others', async () => {
    const place = placeOf(2);
    const request = requestOf(bench.engine, createKey, place);
    const heard = await Promise.all(
      twenty.map((index) => bench.engine.create({ ...request, apis: request.apis.slice(index % 2) })),
    );
    const made = heard.flatMap((one) => (one.kind === 'created' ? [one] : []));
    expect(made.length).toBeGreaterThan(0);
    expect(new Set(made.map(({ secret }) => secret)).size).toBe(1);
    expect(made.length + heard.filter((one) => one.kind === 'refused').length).toBe(20);
    await settled(bench, request);
    expect((await strict.holdings(place)).keys).toMatchObject([{ value: made[0]?.secret, enabled: true }]);
  });

  it('to update and to revoke one end as if they had come one after the other', async () => {
    const place = placeOf(3);
    const request = requestOf(bench.engine, createKey, place);
    const made = await bench.engine.create(request);
    if (made.kind !== 'created') throw new Error(JSON.stringify(made));
    const heard = await Promise.all(
      twenty.map((index) =>
        index === 10
          ? bench.engine.revoke({ apiKeyId: made.awsId })
          : bench.engine.update(
              { apiKeyId: made.awsId },
              { appName: `name ${index}`, apis: request.apis.slice(index % 2) },
            ),
      ),
    );
    expect(heard[10]).toEqual({ kind: 'done' });
    await settled(bench, request);
    expectHoldings(await strict.holdings(place), null, createKey);
  });
});

describe('names', () => {
  it.each(['a/b (c): d', '🚀', 'ünïcödé', 'x'.repeat(300), '--'])(
    'that AWS refuses are made fit: %s',
    async (appName) => {
      for (const saga of creations) {
        const place = placeOf(4);
        const request = { ...requestOf(bench.engine, saga, place), appName };
        const made = await bench.engine.create(request);
        expect(made).toMatchObject({ kind: 'created' });
        if (made.kind !== 'created') return;
        const reference = saga.credentialType === 'API_KEY' ? { apiKeyId: made.awsId } : { clientId: made.awsId };
        expect(await bench.engine.revoke(reference)).toEqual({ kind: 'done' });
        await settled(bench, request);
        expectHoldings(await strict.holdings(place), null, saga);
      }
    },
  );
});

describe('the sweep of AWS', () => {
  it('removes what is ours and of no credential, and nothing else', async () => {
    const place = placeOf(5);
    const { gateway, cognito } = strict.aws.region(place.region);
    const pool = cognito.pools.get(place.userPoolId);
    const [keySaga, clientSaga] = creations as [Saga, Saga];
    const key = await bench.engine.create(requestOf(bench.engine, keySaga, place));
    const client = await bench.engine.create(requestOf(bench.engine, clientSaga, place));
    const ourKey = [...gateway.keys.values()][0];
    const ourClient = [...(pool?.clients.values() ?? [])][0];
    if (!pool || !ourKey || !ourClient || key.kind !== 'created' || client.kind !== 'created')
      throw new Error('not made');

    const orphanOf = createHash('md5').update('an orphan').digest('hex');
    const orphanId = orphanOf.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
    const old = Date.now() - 2 * hourMs;
    const newKey = (id: string, over: Partial<typeof ourKey>) =>
      gateway.keys.set(id, { ...ourKey, id, value: `${id}${'0'.repeat(20)}`, createdAt: old, ...over });
    const tags = { ...ourKey.tags, 'everhook:credential': orphanId };
    newKey('orphan', { customerId: orphanId, tags });
    gateway.plans.get('plan2')?.keys.add('orphan');
    newKey('second', {});
    newKey('young', { customerId: orphanId, tags, createdAt: Date.now() - hourMs / 2 });
    newKey('foreign', { customerId: orphanId, tags: {} });
    newKey('neighbour', { customerId: orphanId, tags: { ...tags, 'everhook:installation': 'another' } });

    const newClient = (id: string, ClientName: string, CreationDate: number) =>
      pool.clients.set(id, { ...ourClient, ClientId: id, ClientName, CreationDate: CreationDate / 1000 });
    const orphanName = ourClient.ClientName.replace(/[0-9a-f]{32}$/, orphanOf);
    newClient('orphan', orphanName, old);
    newClient('young', orphanName, Date.now());
    newClient('foreign', 'before', old);
    newClient('neighbour', orphanName.replace(/\.eh-[0-9a-f]{8}-/, '.eh-00000000-'), old);

    await bench.engine.client.workflow.execute('awsSweep', {
      workflowId: `aws-sweep-${bench.engine.taskQueue}`,
      taskQueue: bench.engine.taskQueue,
      args: [{ awsTaskQueue: `${bench.engine.taskQueue}-aws` }],
    });
    expect([...gateway.keys.keys()]).toEqual([key.awsId, 'young', 'foreign', 'neighbour']);
    expect([...(gateway.plans.get('plan2')?.keys ?? [])]).toEqual([]);
    expect([...pool.clients.keys()]).toEqual([client.awsId, 'young', 'foreign', 'neighbour']);
  });
});
