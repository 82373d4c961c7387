import { startConsole, type ConsoleStack } from '../support/console';
import { giveCredentials, startPortalAws } from './portal';

let stack: ConsoleStack;
let portal: Awaited<ReturnType<typeof startPortalAws>>;
let credentials: Awaited<ReturnType<typeof giveCredentials>>;

const page = () => stack.page;
const seen = (text: string | RegExp) => page().getByText(text).first().waitFor();
const press = (name: string | RegExp) => page().getByRole('button', { name, exact: true }).click();

/** What the clock of a deadline shows. */
async function secondsLeft(deadline: 'decision' | 'consumption'): Promise<number> {
  const text = await page().locator(`[data-deadline="${deadline}"]`).getByRole('timer').textContent();
  return (text ?? '').split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
}

async function newConsent(): Promise<string> {
  const body = {
    type: 'DATA',
    loggedUser: { document: { identification: '12345678909', rel: 'CPF' } },
    permissions: ['ACCOUNTS_READ', 'RESOURCES_READ'],
  };
  const { consentId } = (await stack.api.call<{ consentId: string }>('POST', '/api/v1/consents', body)).body;
  return consentId.replace('urn:everhook:', '');
}

beforeAll(async () => {
  portal = await startPortalAws(() => undefined);
  stack = await startConsole({ settings: portal.settings });
  await stack.signIn(stack.credentials);
}, 120_000);

afterAll(async () => {
  await stack?.close();
  await portal?.close();
});
afterEach(() => expect(stack.complaints.splice(0)).toEqual([]));

describe('without any', () => {
  it.each([
    ['consents', 'No consents yet', /curl -X POST .*\/api\/v1\/consents/],
    ['credentials', 'No credentials yet', /everhook sensedia configure/],
  ])(
    'the page of %s says how to make one',
    async (name, title, command) => {
      await stack.open(`/console/${name}`);
      await seen(title);
      await seen(command);
      expect(await stack.axe()).toEqual([]);
    },
    60_000,
  );
});

it('a consent counts down to its decision, and then to its consumption', async () => {
  const id = await newConsent();
  await stack.open('/console/consents');
  await page().getByRole('link', { name: id }).waitFor();
  expect(await stack.axe()).toEqual([]);
  await page().getByRole('link', { name: id }).click();
  const left = secondsLeft('decision');
  expect(await left).toBeGreaterThan(58 * 60);
  expect(await left).toBeLessThanOrEqual(60 * 60);
  expect(await stack.axe()).toEqual([]);
  await press('Approve');
  await page().getByRole('dialog').getByLabel('Reason').fill('asked for by phone');
  await page().getByRole('dialog').getByRole('button', { name: 'Approve' }).click();
  await seen('Decided in time');
  expect(await secondsLeft('consumption')).toBeGreaterThan(68 * 60);
  await seen('consent:approved');
  await press('Consume');
  await page().getByRole('dialog').getByRole('button', { name: 'Consume' }).click();
  await seen('Consumed in time');
  expect(await page().getByRole('button', { name: 'Consume' }).count()).toBe(0);
  expect(await page().content()).not.toContain('12345678909');
  expect(await stack.axe()).toEqual([]);
}, 60_000);

it('a refusal of the API is told where it was asked', async () => {
  const id = await newConsent();
  await stack.open(`/console/consents/${id}`);
  await press('Reject');
  await stack.api.call('POST', `/api/v1/consents/urn:everhook:${id}/revoke`);
  await page().getByRole('dialog').getByRole('button', { name: 'Reject' }).click();
  await page()
    .getByRole('alert')
    .getByText(/REVOKED/)
    .waitFor();
  await page().keyboard.press('Escape');
  await seen('Revoked before a decision');
}, 60_000);

it('a credential tells which step failed and what was taken back', async () => {
  const { api, url, database } = stack;
  const { tenantId } = stack.credentials;
  credentials = await giveCredentials(api, { url, tenantId, databaseUrl: database.url, aws: portal.aws });
  await stack.open('/console/credentials');
  await page()
    .getByRole('row', { name: /kept.*active/ })
    .waitFor();
  expect(await stack.axe()).toEqual([]);
  await page().getByRole('link', { name: 'undone' }).click();
  await page().waitForURL(new RegExp(credentials.undone));
  await seen(/Failed at step 3/);
  const undone = page().getByRole('list', { name: 'Compensation' }).getByRole('listitem');
  expect(await undone.allTextContents()).toEqual([
    expect.stringMatching(/Detach usage plan .*takes back step 3/),
    expect.stringMatching(/Delete the API key.*takes back step 2/),
  ]);
  expect(await stack.axe()).toEqual([]);
  const run = page().getByRole('link', { name: /Open in Temporal/ });
  expect(await run.getAttribute('href')).toContain(`/workflows/credential%2F${tenantId}`);
}, 60_000);

it('a revoked one shows both of its runs, the last first', async () => {
  await stack.open(`/console/credentials/${credentials.revoked}`);
  await seen('Taken away: AWS holds nothing of it.');
  const runs = page().getByRole('heading', { level: 3 });
  expect(await runs.allTextContents()).toEqual(['Revocation', 'Creation']);
}, 60_000);
