import { createAuditReader } from '../../src/store/audit-reader';
import type { NewAuditEntry } from '../../src/store/audit';
import { entry, openStoresOn, openTestStores, type TestStores } from './stores';

let stores: TestStores;
beforeAll(async () => {
  stores = await openTestStores();
});
afterAll(async () => {
  await stores.close();
  await stores.drop();
});

const hourMs = 3_600_000;
const entryOf = (tenantId: string | null, rest: Partial<NewAuditEntry> = {}): NewAuditEntry => ({
  ...entry('', 'webhook.create'),
  objectId: 'x',
  tenantId,
  ...rest,
});
const actionsOf = async (tenantId: string) => {
  const { data } = await stores.audit.list(tenantId, { limit: 50 });
  return data.map(({ action }) => action).reverse();
};

describe('what was written to the audit log', () => {
  it.each([
    ['changed', "UPDATE audit SET actor = 'somebody else'"],
    ['deleted', 'DELETE FROM audit'],
    ['emptied', 'TRUNCATE audit'],
  ])('can not be %s, by whoever owns the table either', async (_what, statement) => {
    const tenantId = await stores.tenant();
    await stores.audit.append(entryOf(tenantId));
    await expect(stores.database.raw(statement)).rejects.toThrow('the audit log is append-only');
    expect(await actionsOf(tenantId)).toEqual(['webhook.create']);
  });

  it('is removed by retention alone, which says so in its transaction', async () => {
    const tenantId = await stores.tenant();
    await stores.audit.append(entryOf(tenantId));
    const removed = await stores.database.transaction(async (within) => {
      await within.raw("SET LOCAL everhook.retention = 'on'");
      await expect(
        within.transaction((inner) => inner('audit').where({ tenant_id: tenantId }).update({ actor: 'x' })),
      ).rejects.toThrow('append-only');
      return within('audit').where({ tenant_id: tenantId }).delete();
    });
    expect(removed).toBe(1);
    await stores.audit.append(entryOf(tenantId));
    await expect(stores.database('audit').where({ tenant_id: tenantId }).delete()).rejects.toThrow('append-only');
  });
});

describe('an entry together with what it tells of', () => {
  const type = { name: 'audited.type', description: 'x', schema: null, example: null };
  const make = (tenantId: string, within = stores.database) =>
    within('event_types').insert({ ...type, tenant_id: tenantId, created_at: new Date(), updated_at: new Date() });
  const made = async (tenantId: string) => (await stores.database('event_types').where({ tenant_id: tenantId })).length;

  it('is there when that is done', async () => {
    const tenantId = await stores.tenant();
    expect(await stores.audit.together(entryOf(tenantId), async (within) => (await make(tenantId, within), 7))).toBe(7);
    expect([await made(tenantId), await actionsOf(tenantId)]).toEqual([1, ['webhook.create']]);
  });

  it('is not there when that fails, and neither is that when the entry can not be written', async () => {
    const tenantId = await stores.tenant();
    const failing = stores.audit.together(entryOf(tenantId), async (within) => {
      await make(tenantId, within);
      throw new Error('not after all');
    });
    await expect(failing).rejects.toThrow('not after all');
    const unwritable = entryOf(tenantId, { outcome: 'perhaps' as 'success' });
    await expect(stores.audit.together(unwritable, (within) => make(tenantId, within))).rejects.toThrow();
    expect([await made(tenantId), await actionsOf(tenantId)]).toEqual([0, []]);
  });
});

describe('an entry that is wanted once an hour', () => {
  const blocked = (tenantId: string, objectId = 'one') =>
    entryOf(tenantId, { action: 'webhook.blocked_address', objectId, outcome: 'failure' });

  it('is written once by all who want it at the same time', async () => {
    const tenantId = await stores.tenant();
    const other = openStoresOn(stores.url);
    const written = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        (index % 2 === 0 ? stores : other).audit.appendOnce(blocked(tenantId), hourMs),
      ),
    );
    await other.close();
    expect(written.filter(Boolean)).toHaveLength(1);
    expect(await actionsOf(tenantId)).toEqual(['webhook.blocked_address']);
  });

  it('is written for each object and tenant, and again when the last one is older', async () => {
    const tenants = [await stores.tenant(), await stores.tenant()];
    for (const tenantId of tenants) {
      for (const objectId of ['one', 'two']) {
        expect(await stores.audit.appendOnce(blocked(tenantId, objectId), hourMs)).toBe(true);
        expect(await stores.audit.appendOnce(blocked(tenantId, objectId), hourMs)).toBe(false);
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await stores.audit.appendOnce(blocked(tenants[0] ?? ''), 1)).toBe(true);
  });
});

describe('an operator reads', () => {
  const reader = () => createAuditReader(stores.database);
  const collect = async (...asked: Parameters<ReturnType<typeof createAuditReader>['inOrder']>) => {
    const found: string[] = [];
    for await (const { action } of reader().inOrder(...asked)) found.push(action);
    return found;
  };

  it('entries of every tenant and of none, in order, page by page, within bounds', async () => {
    const since = new Date();
    const [one, two] = [await stores.tenant(), await stores.tenant()];
    await stores.audit.append(entryOf(one, { action: 'a' }));
    await stores.audit.append(entryOf(null, { action: 'b', count: 7 }));
    await stores.audit.append(entryOf(two, { action: 'c' }));
    await stores.audit.append(entryOf(one, { action: 'a' }));
    await stores.audit.append(entryOf(one, { action: 'd' }));

    for (const pageSize of [1, 2, 5, 1_000]) {
      expect(await collect({ since }, { pageSize })).toEqual(['a', 'b', 'c', 'a', 'd']);
    }
    expect(await collect({ since, tenantId: one })).toEqual(['a', 'a', 'd']);
    expect(await collect({ since, action: 'a' })).toEqual(['a', 'a']);
    expect(await collect({ since, until: since })).toEqual([]);
    expect(await collect({ since: new Date(Date.now() + 1_000) })).toEqual([]);
    const last = await reader().latest({ since }, 4);
    expect(last.map(({ action }) => action)).toEqual(['b', 'c', 'a', 'd']);
    expect(last[0]).toMatchObject({ tenantId: null, count: 7 });
    expect(await actionsOf(one)).toEqual(['a', 'a', 'd']);
    expect(await actionsOf(two)).toEqual(['c']);
  });
});
