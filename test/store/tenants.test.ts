import { randomBytes } from 'node:crypto';
import { newId } from '../../src/domain/ids';
import { publishAheadMs } from '../../src/domain/signing/jwk';
import { scopes } from '../../src/store/tenants';
import { entry, only, openTestStores, type TestStores } from './stores';

let stores: TestStores;

beforeAll(async () => {
  stores = await openTestStores();
});

afterAll(async () => {
  await stores.close();
  await stores.drop();
});

const newClient = (tenantId: string, rest: { name?: string; secretDigest?: Buffer; scopes?: typeof scopes } = {}) =>
  stores.tenants.createClient({ tenantId, name: 'publisher', secretDigest: randomBytes(32), scopes, ...rest });

describe('a tenant', () => {
  it('is found by its id', async () => {
    const tenant = await stores.tenants.createTenant('Ledger & Söhne');
    expect(await stores.tenants.findTenant(tenant.id)).toEqual(tenant);
    expect(await stores.tenants.findTenant(newId())).toBeNull();
  });

  it('has a name of 1 to 200 characters', async () => {
    await expect(stores.tenants.createTenant('')).rejects.toThrow(/check constraint/);
    await expect(stores.tenants.createTenant('x'.repeat(201))).rejects.toThrow(/check constraint/);
    await expect(stores.tenants.createTenant('x'.repeat(200))).resolves.toBeDefined();
  });
});

describe('a client', () => {
  it('is found by its id alone, with the digest of its secret', async () => {
    const tenantId = await stores.tenant();
    const secretDigest = randomBytes(32);
    const client = await newClient(tenantId, { secretDigest });
    expect(client).toMatchObject({ tenantId, name: 'publisher', scopes: [...scopes], revokedAt: null });
    expect(await stores.tenants.findClient(client.id)).toEqual({ client, secretDigest });
    expect(await stores.tenants.findClient(newId())).toBeNull();
  });

  it("is listed newest first, with the tenant's own only", async () => {
    const [tenantId, stranger] = [await stores.tenant(), await stores.tenant()];
    const made = [];
    for (const name of ['one', 'two']) {
      made.push(await newClient(tenantId, { name }));
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    expect(await stores.tenants.listClients(tenantId)).toEqual(made.reverse());
    expect(await stores.tenants.listClients(stranger)).toEqual([]);
  });

  it('is revoked once, by its own tenant', async () => {
    const [tenantId, stranger] = [await stores.tenant(), await stores.tenant()];
    const { id } = await newClient(tenantId);
    expect(await stores.tenants.revokeClient(stranger, id)).toBe(false);
    expect((await stores.tenants.findClient(id))?.client.revokedAt).toBeNull();
    expect(await stores.tenants.revokeClient(tenantId, id)).toBe(true);
    const revokedAt = (await stores.tenants.findClient(id))?.client.revokedAt;
    expect(revokedAt).toBeInstanceOf(Date);
    expect(await stores.tenants.revokeClient(tenantId, id)).toBe(true);
    expect((await stores.tenants.findClient(id))?.client.revokedAt).toEqual(revokedAt);
    expect(await stores.tenants.revokeClient(tenantId, newId())).toBe(false);
  });

  it.each([
    ['without a scope', { scopes: [] as unknown as typeof scopes }],
    ['with a digest that is none', { secretDigest: randomBytes(31) }],
  ])('is refused %s', async (_name, rest) => {
    await expect(newClient(await stores.tenant(), rest)).rejects.toThrow(/check constraint/);
  });

  it('belongs to a tenant that exists', async () => {
    await expect(newClient(newId())).rejects.toThrow(/foreign key/);
  });
});

describe('the audit log', () => {
  it('lists newest first, page by page, by action and time, for its tenant only', async () => {
    const [tenantId, stranger] = [await stores.tenant(), await stores.tenant()];
    const began = new Date();
    for (const action of ['a', 'b', 'a', 'b', 'a']) {
      await stores.audit.append({ ...entry(tenantId, action), objectId: action, address: null, requestId: null });
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    const list = async (query: object, of = tenantId) =>
      (await stores.audit.list(of, { limit: 10, ...query })).data.map(({ action }) => action).join('');
    expect(await list({})).toBe('ababa');
    expect(await list({ action: 'b' })).toBe('bb');
    expect(await list({ action: 'c' })).toBe('');
    expect(await list({ after: began })).toBe('ababa');
    expect(await list({ before: began })).toBe('');
    expect(await list({}, stranger)).toBe('');
    const first = await stores.audit.list(tenantId, { limit: 2 });
    expect(first.data).toHaveLength(2);
    expect(await list({ cursor: first.nextCursor })).toBe('aba');
  });
});

describe('the keys of HTTP message signatures', () => {
  it('begin with one, however many processes ask at once', async () => {
    await Promise.all(Array.from({ length: 5 }, () => stores.messageSigningKeys.ensureOne()));
    const key = only(await stores.messageSigningKeys.published(new Date()));
    expect(key.activeFrom.getTime()).toBeLessThanOrEqual(Date.now());
    expect(key.privateKeyPem.reveal()).toContain('PRIVATE KEY');
    const { rows } = await stores.database.raw<{ rows: { row: string }[] }>(
      'SELECT k::text AS row FROM message_signing_keys k',
    );
    expect(only(rows).row).toContain(key.kid);
    const secretPart = key.privateKeyPem.reveal().split('\n')[1] ?? '';
    expect(secretPart.length).toBeGreaterThan(40);
    expect(only(rows).row).not.toContain(secretPart);
  });

  it('are rotated without a gap: the new one is published at once and signs later, the old one stays for a day', async () => {
    await stores.messageSigningKeys.ensureOne();
    const old = only(await stores.messageSigningKeys.published(new Date()));
    const now = new Date();
    const rotation = await stores.messageSigningKeys.rotate(now);
    expect(rotation.activeFrom.getTime()).toBe(now.getTime() + publishAheadMs);
    const kidsAt = async (ms: number) =>
      (await stores.messageSigningKeys.published(new Date(now.getTime() + ms))).map(({ kid }) => kid).sort();
    expect(await kidsAt(0)).toEqual([old.kid, rotation.kid].sort());
    expect(await kidsAt(publishAheadMs + 23 * 3_600_000)).toEqual([old.kid, rotation.kid].sort());
    expect(await kidsAt(publishAheadMs + 25 * 3_600_000)).toEqual([rotation.kid]);
    await stores.messageSigningKeys.ensureOne();
    expect(await kidsAt(0)).toHaveLength(2);
  });
});
