import { Client } from 'pg';
import { startConsole, type ConsoleStack } from '../support/console';
import { webhooksOfContracts } from './estate';
import { giveHistory } from './history';

let stack: ConsoleStack;
let failing: string;
let others: Awaited<ReturnType<typeof webhooksOfContracts>>;
/** What the receiver of /down answers from now on. */
let mended = false;

const page = () => stack.page;
const seen = (text: string | RegExp) => page().getByText(text).first().waitFor();
const press = (name: string | RegExp) => page().getByRole('button', { name, exact: true }).click();

beforeAll(async () => {
  stack = await startConsole({
    respond: ({ path }, response) => {
      if (path === '/down' && !mended) response.writeHead(503).end('upstream connect error');
      else response.end('{"received":true}');
    },
  });
  const { api, receiver, database } = stack;
  const body = { targetUrl: `${receiver.url}/down`, events: ['everhook.*'], description: 'To the ERP', maxRetries: 0 };
  failing = (await api.call<{ id: string }>('POST', '/api/v1/webhooks', body)).body.id;
  others = await webhooksOfContracts(api, receiver.url);
  await giveHistory(database.url, { healthy: failing, failing }, 160);
  await stack.signIn(stack.credentials);
}, 120_000);

afterAll(() => stack?.close());
afterEach(() => expect(stack.complaints.splice(0)).toEqual([]));

it('shows how the webhooks of every contract are', async () => {
  await stack.open('/console/webhooks');
  const row = page().getByRole('row', { name: /To the ERP/ });
  await row.getByText('failing').waitFor();
  await row.getByText(/answered with an error/).waitFor();
  await page()
    .getByRole('row', { name: /Sovrin/ })
    .getByText('nothing sent')
    .waitFor();
  expect(await stack.axe()).toEqual([]);
  await page().getByLabel('Contract').selectOption('tyk');
  await page()
    .getByRole('row', { name: /Sovrin/ })
    .waitFor({ state: 'detached' });
  await page().getByLabel('Status').selectOption('Disabled');
  await seen('No webhook is like that');
}, 60_000);

it.each(['sovrin', 'iceye', 'celcoin', 'tyk'] as const)(
  'a webhook of the %s contract is changed as far as it can be, and says where the rest is',
  async (contract) => {
    await stack.open(`/console/webhooks/${others[contract]}`);
    await press('Edit');
    await seen(/belong|has no call that changes/);
    const events = await page()
      .getByRole('button', { name: /^Remove event type/ })
      .count();
    await page().getByLabel('Retries').fill('2');
    await press('Save');
    await seen('2 after the first attempt');
    expect(events).toBeGreaterThan(0);
    const { targetUrl } = (await stack.api.call<{ targetUrl: string }>('GET', `/api/v1/webhooks/${others[contract]}`))
      .body;
    await page().getByRole('definition').getByText(targetUrl, { exact: true }).waitFor();
  },
  60_000,
);

it('registers one with its secret shown once, by the keyboard alone', async () => {
  await stack.open('/console/webhooks/new');
  expect(await stack.axe()).toEqual([]);
  await page().getByLabel('Target URL').focus();
  const type = (text: string) => page().keyboard.type(text);
  await type('https://10.0.0.7/hooks');
  await page().keyboard.press('Tab');
  await type('everhook.test');
  await page().keyboard.press('Enter');
  await page().getByRole('button', { name: 'Remove event type everhook.test' }).waitFor();
  await page().getByLabel('Description').focus();
  await type('Made in the console');
  await page().keyboard.press('Enter');
  // What the API refuses stands at its field.
  const url = page().getByLabel('Target URL');
  await page().locator('.field-error').getByText('not an IP address').waitFor();
  expect(await url.getAttribute('aria-invalid')).toBe('true');
  await url.fill(`${stack.receiver.url}/made`);
  await page().keyboard.press('Enter');
  const dialog = page().getByRole('dialog', { name: 'The signing secret' });
  expect(await dialog.getByText(/^whsec_/).textContent()).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  await page().keyboard.press('Escape');
  await page().getByRole('heading', { name: 'Made in the console' }).waitFor();
  expect(
    await page()
      .getByText(/^whsec_/)
      .count(),
  ).toBe(0);
}, 60_000);

it('keeps what was typed when the API is down and when the session ends, and goes on with it', async () => {
  await stack.open('/console/webhooks/new');
  await page().getByLabel('Target URL').fill(`${stack.receiver.url}/kept`);
  await page().getByLabel('Description').fill('Typed once');
  await page().route('**/api/v1/webhooks', (route) => route.fulfill({ status: 503, body: 'upstream connect error' }));
  await press('Register the webhook');
  const alert = page().getByRole('alert');
  await alert.getByText('Everhook is not available (503)').waitFor();
  await alert.getByText('It is not known whether this was done').waitFor();
  expect(await stack.axe()).toEqual([]);
  await page().unroute('**/api/v1/webhooks');
  await endSessions();
  await press('Register the webhook');
  const dialog = page().getByRole('dialog', { name: 'Your session is over' });
  expect(await dialog.getByLabel('Client id').inputValue()).toBe(stack.credentials.clientId);
  expect(await stack.axe()).toEqual([]);
  await dialog.getByLabel('Client secret').fill(stack.credentials.clientSecret);
  await dialog.getByRole('button', { name: 'Sign in' }).click();
  await dialog.waitFor({ state: 'detached' });
  expect(await page().getByLabel('Description').inputValue()).toBe('Typed once');
  await page().getByLabel('Events').fill('everhook.test');
  await press('Register the webhook');
  await page().getByRole('dialog', { name: 'The signing secret' }).waitFor();
  // Beside it: it is shown this once.
  await page().mouse.click(5, 5);
  await press('I have stored it');
  await page().getByRole('heading', { name: 'Typed once' }).waitFor();
}, 60_000);

it('sends a test event and tells what became of it', async () => {
  await stack.open('/console/webhooks');
  await page()
    .getByRole('link', { name: /Made in the console/ })
    .click();
  await press('Send a test event');
  await press('Send the sample');
  await seen('arrived, answered 200');
  await seen('{"received":true}');
  expect(stack.receiver.requests.filter(({ path }) => path === '/made')).toHaveLength(1);
  expect(await stack.axe()).toEqual([]);
}, 60_000);

it('changes what can be changed, and says why the rest can not', async () => {
  await press('Edit');
  await seen(/A signing secret belongs to one receiver/);
  await page().getByLabel('Retries').fill('7');
  await press('Add a header');
  await page().getByLabel('Name of header 1').fill('X-Api-Key');
  await page().getByLabel('Value of header 1').fill('canary-value');
  await press('Save');
  await seen('7 after the first attempt');
  await seen('X-Api-Key: [redacted]');
  expect(await page().content()).not.toContain('canary-value');
}, 60_000);

it('rotates the secret, disables, enables and deletes, asking first where it can not be undone', async () => {
  await press('Rotate secret');
  await press('Rotate the secret');
  await page()
    .getByRole('dialog')
    .getByText(/^whsec_/)
    .waitFor();
  await press('I have stored it');
  await press('Disable');
  await press('Disable it');
  await seen(/by your team/);
  await press('Enable');
  await press('Send a test event');
  await press('Delete');
  await press('Keep it as it is');
  await press('Delete');
  await press('Delete the webhook');
  await page().waitForURL(/\/console\/webhooks$/);
  await page()
    .getByRole('row', { name: /To the ERP/ })
    .waitFor();
  expect(await page().getByText('Made in the console').count()).toBe(0);
}, 60_000);

it('recovers what failed, with a dry run first and its progress afterwards', async () => {
  mended = true;
  await stack.open(`/console/webhooks/${failing}`);
  await seen(/Nothing has arrived since/);
  await page().getByRole('link', { name: 'Recover', exact: true }).last().click();
  await press('Count first');
  await seen('would be delivered again');
  expect(await stack.axe()).toEqual([]);
  expect(stack.receiver.requests.filter(({ path }) => path === '/down')).toHaveLength(0);
  await press(/Deliver all \d+ again/);
  await seen(/all of it arrived/);
  expect(stack.receiver.requests.filter(({ path }) => path === '/down').length).toBeGreaterThan(10);
}, 60_000);

it('shows the catalogue, and at which line a schema is wrong', async () => {
  await stack.open('/console/event-types');
  await page().getByLabel('Search').fill('issued openid');
  await page().getByRole('link', { name: 'OpenIdCredentialIssued' }).waitFor();
  expect(await page().getByRole('link', { name: 'purchase.failed' }).count()).toBe(0);
  expect(await stack.axe()).toEqual([]);
  await page().getByRole('link', { name: 'New event type' }).click();
  await page().getByLabel('Name').fill('order.shipped');
  await page().getByLabel('Description').fill('A parcel left.');
  const schema = page().getByLabel('Schema');
  await schema.fill('{\n  "type": "object",\n  "properties": { "id": { "type": "text" } }\n}');
  await press('Make the event type');
  await page().getByRole('button', { name: 'Line 3' }).first().click();
  const selected =
    'document.activeElement.value.slice(document.activeElement.selectionStart, document.activeElement.selectionEnd)';
  expect(await page().evaluate(selected)).toBe('"text"');
  await schema.fill('{ "type": "object", "properties": { "id": { "type": "string" } } }');
  await page().getByLabel('Example').fill('{ "id": "o-1" }');
  await press('Make the event type');
  await page()
    .getByRole('heading', { name: /order\.shipped/ })
    .waitFor();
  expect(await stack.axe()).toEqual([]);
  // A name has a full stop, and its page is found again all the same.
  await stack.open('/console/event-types?type=order.shipped');
  await press('Delete');
  await press('Delete the event type');
  await page().waitForURL(/\/console\/event-types$/);
}, 60_000);

/** As if nobody had used them for hours. */
async function endSessions(): Promise<void> {
  const client = new Client({ connectionString: stack.database.url });
  await client.connect();
  await client.query('UPDATE console_sessions SET expires_at = now()');
  await client.end();
}
