import { createDatabase, type Database } from '../../src/store/database';
import { createPortalStore, UsernameTaken, type NewPortal, type PortalStore } from '../../src/store/portals';
import { createTenantStore } from '../../src/store/tenants';
import { createTestDatabase, type TestDatabase } from '../support/database';

let testDatabase: TestDatabase;
let database: Database;
let portals: PortalStore;
const tenant = async () => (await createTenantStore(database).createTenant('Test')).id;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  database = createDatabase(testDatabase.url, { max: 3 });
  portals = createPortalStore(database);
});
afterAll(async () => {
  await database.destroy();
  await testDatabase.drop();
});

const portalOf = (tenantId: string, over: Partial<NewPortal> = {}): NewPortal => ({
  tenantId,
  username: `portal-${tenantId}`,
  passwordHash: '$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA',
  credentialType: 'CLIENT_CREDENTIALS',
  region: 'sa-east-1',
  userPoolId: 'sa-east-1_pool',
  scopes: { byApi: { api1: 'rs/read' }, defaults: ['rs/basic'] },
  tokenUrl: 'https://auth.example.com/oauth2/token',
  ...over,
});

it('a portal is what it was configured to be, by tenant and by user name', async () => {
  const portal = portalOf(await tenant());
  await portals.configure(portal);
  expect(await portals.find(portal.tenantId)).toMatchObject(portal);
  expect(await portals.findByUsername(portal.username)).toMatchObject(portal);
  expect(await portals.findByUsername(portal.username.toUpperCase())).toBeNull();
});

it('configuring again replaces it as a whole', async () => {
  const portal = portalOf(await tenant());
  await portals.configure(portal);
  const changed = portalOf(portal.tenantId, {
    username: `renamed-${portal.tenantId}`,
    credentialType: 'API_KEY',
    region: null,
    userPoolId: null,
    scopes: { byApi: {}, defaults: [] },
    tokenUrl: null,
  });
  await portals.configure(changed);
  expect(await portals.find(portal.tenantId)).toMatchObject(changed);
  expect(await portals.findByUsername(portal.username)).toBeNull();
});

it('a user name belongs to one tenant', async () => {
  const first = portalOf(await tenant(), { username: 'taken' });
  await portals.configure(first);
  await expect(portals.configure(portalOf(await tenant(), { username: 'taken' }))).rejects.toThrow(UsernameTaken);
  expect((await portals.findByUsername('taken'))?.tenantId).toBe(first.tenantId);
});
