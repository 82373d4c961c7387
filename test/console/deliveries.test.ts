import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { eventually } from '../support/everhook';
import { startConsole, type ConsoleStack } from '../support/console';
import { giveHistory } from './history';

interface Listed {
  data: { id: string; status: string }[];
}

let stack: ConsoleStack;
let failed: string;
let webhookId: string;
let healthy: string;

/** What the receiver answers from now on. */
let mended = false;

const page = () => stack.page;

beforeAll(async () => {
  stack = await startConsole({
    respond: ({ path }, response) => {
      if (path === '/orders' && !mended)
        response.writeHead(503, { 'x-request-id': 'r-7' }).end('{"error":"database is down, call the on-call"}');
      else if (path === '/slow') response.writeHead(503, { 'retry-after': '60' }).end();
      else response.end('thanks');
    },
  });
  const { api, receiver } = stack;
  const webhook = async (path: string, description: string) => {
    // Not all: what Everhook itself tells of failed deliveries would fail too, a little later.
    const body = { targetUrl: receiver.url + path, events: ['everhook.test'], description };
    return (await api.call<{ id: string }>('POST', '/api/v1/webhooks', body)).body.id;
  };
  const deliver = async (id: string, to: string, status: string) => {
    await api.call('POST', '/api/v1/events', { id, type: 'everhook.test', payload: { order: id }, webhookId: to });
    const found = await eventually(
      async () => (await api.call<Listed>('GET', `/api/v1/deliveries?eventId=${id}&webhookId=${to}`)).body.data[0],
      (one) => one?.status === status,
    );
    return found?.id ?? '';
  };
  webhookId = await webhook('/orders', 'Orders to the warehouse');
  healthy = await webhook('/fine', 'Mailing list');
  await deliver('order-1', healthy, 'delivered');
  failed = await deliver('order-2', webhookId, 'failed');
  await stack.signIn(stack.credentials);
}, 120_000);

afterAll(() => stack?.close());
afterEach(() => expect(stack.complaints.splice(0)).toEqual([]));

it('shows at a glance how things are, what fails and why', async () => {
  await stack.open('/console');
  const failing = page().getByRole('listitem').filter({ hasText: 'Orders to the warehouse' });
  await failing.getByText('http_status').waitFor();
  expect(await failing.getByRole('link', { name: /error answer/ }).getAttribute('href')).toMatch(
    /errorClass=http_status/,
  );
  await failing.getByText(/broken or overloaded \(503\)/).waitFor();
  await page().getByText('50.0 %').waitFor();
  const chart = page().getByRole('img', { name: /Deliveries of the last 24 hours: delivered 1, failed 1/ });
  await chart.waitFor();
  await page().getByText('The numbers as a table').click();
  await page().getByRole('table', { name: 'Deliveries of the last 24 hours' }).waitFor();
  expect(await stack.axe()).toEqual([]);
  await failing.getByRole('link', { name: '1 failed' }).click();
  await page().waitForURL(/status=failed/);
  await page()
    .getByRole('link', { name: /order-2/ })
    .waitFor();
  expect(
    await page()
      .getByRole('link', { name: /order-1/ })
      .count(),
  ).toBe(0);
}, 60_000);

it('tells why a delivery failed, with what was sent and answered, and where its run is', async () => {
  await stack.open(`/console/deliveries/${failed}`);
  await page().getByRole('heading', { name: 'The receiver is broken or overloaded (503)' }).waitFor();
  expect(
    await page()
      .getByText(/^Attempt \d of 4/)
      .count(),
  ).toBe(4);
  expect(await page().getByText('database is down, call the on-call').count()).toBe(4);
  await page()
    .getByText(/^Its headers/)
    .last()
    .click();
  await page().getByRole('row', { name: 'x-request-id r-7' }).waitFor();
  await page()
    .getByRole('row', { name: /webhook-signature/ })
    .getByText(/^v1,/)
    .waitFor();
  await page().getByText('"order": "order-2"').waitFor();
  const run = page().getByRole('link', { name: /Open in Temporal/ });
  expect(await run.getAttribute('href')).toContain(`/workflows/delivery%2F${stack.credentials.tenantId}`);
  expect(await stack.axe()).toEqual([]);
  await page()
    .getByRole('link', { name: /More about/ })
    .click();
  await page().getByRole('heading', { name: 'Why deliveries fail' }).waitFor();
  expect(await stack.axe()).toEqual([]);
});

it('delivers again once the receiver is mended, and shows it happen', async () => {
  mended = true;
  await stack.open(`/console/deliveries/${failed}`);
  await page().getByRole('button', { name: 'Deliver again' }).click();
  await page().waitForURL((url) => !url.pathname.endsWith(failed));
  await page().getByRole('heading', { name: 'Delivered', exact: true }).waitFor();
});

it('cancels a delivery that waits, after asking', async () => {
  const { api, receiver } = stack;
  const body = { targetUrl: `${receiver.url}/slow`, events: ['*'] };
  const slow = (await api.call<{ id: string }>('POST', '/api/v1/webhooks', body)).body.id;
  const event = { id: 'order-3', type: 'everhook.test', payload: {}, webhookId: slow };
  const { deliveries } = (await api.call<{ deliveries: { id: string }[] }>('POST', '/api/v1/events', event)).body;
  await stack.open(`/console/deliveries/${deliveries[0]?.id}`);
  await page()
    .getByText(/It is tried again in/)
    .waitFor();
  expect(await stack.axe()).toEqual([]);
  await page().getByRole('button', { name: 'Cancel', exact: true }).click();
  const dialog = page().getByRole('dialog', { name: 'Cancel this delivery?' });
  await dialog.waitFor();
  expect(await stack.axe()).toEqual([]);
  await page().keyboard.press('Escape');
  await dialog.waitFor({ state: 'hidden' });
  await page().getByRole('button', { name: 'Cancel', exact: true }).click();
  await dialog.getByRole('button', { name: 'Cancel the delivery' }).click();
  await page().getByRole('heading', { name: 'Cancelled', exact: true }).waitFor();
});

it('goes from a list to a delivery and back by keyboard alone, each page saying where one is', async () => {
  await stack.open('/console/deliveries');
  await page().keyboard.press('Tab');
  await page().keyboard.press('Enter');
  expect(await page().evaluate('document.activeElement.id')).toBe('main');
  for (let presses = 0; presses < 40; presses += 1) {
    await page().keyboard.press('Tab');
    if (await page().evaluate('document.activeElement.classList.contains("row-link")')) break;
  }
  await page().keyboard.press('ArrowDown');
  const second = await page().evaluate('document.activeElement.getAttribute("href")');
  await page().keyboard.press('Enter');
  await page().waitForURL((url) => url.pathname === second);
  expect(await page().evaluate('document.activeElement.tagName')).toBe('H1');
  await page().goBack();
  await page().getByRole('heading', { name: 'Deliveries', exact: true }).waitFor();
});

it('finds an event by its id, keeps the filters in the address, and shows new deliveries by itself', async () => {
  await stack.open('/console/deliveries');
  await page().getByLabel('Event id').fill('order-1');
  await page().waitForURL(/eventId=order-1/);
  await page()
    .getByRole('link', { name: /order-2/ })
    .first()
    .waitFor({ state: 'detached' });
  expect(
    await page()
      .getByRole('link', { name: /order-1/ })
      .count(),
  ).toBe(1);
  await page().reload();
  expect(await page().getByLabel('Event id').inputValue()).toBe('order-1');
  await page().getByRole('button', { name: 'Clear' }).click();
  await page()
    .getByRole('link', { name: /order-2/ })
    .first()
    .waitFor();
  await page().getByLabel('Last failure').selectOption('http_status');
  await page()
    .getByRole('link', { name: /order-1/ })
    .waitFor({ state: 'detached' });
  await page().waitForURL(/errorClass=http_status/);
  await page().getByLabel('Last failure').selectOption('timeout');
  await page().getByText('No delivery fits these filters').waitFor();
  await page().getByRole('button', { name: 'Clear the filters' }).click();
  const event = { id: 'order-live', type: 'everhook.test', payload: {}, webhookId };
  await stack.api.call('POST', '/api/v1/events', event);
  await page()
    .getByRole('link', { name: /order-live/ })
    .waitFor();
  expect(await stack.axe()).toEqual([]);
});

it('says so when Everhook can not be reached, keeps what it showed, and goes on by itself', async () => {
  await stack.open('/console/deliveries');
  await page().locator('.row-link').first().waitFor();
  await page().context().setOffline(true);
  const alert = page().getByRole('alert');
  await alert.getByText('Everhook can not be reached').waitFor();
  expect(await page().locator('.row-link').count()).toBeGreaterThan(0);
  await page().context().setOffline(false);
  await alert.waitFor({ state: 'detached' });
  await page().route('**/api/v1/stats/**', (route) => route.fulfill({ status: 500, body: '<h1>Oops</h1>' }));
  await page().getByRole('link', { name: 'Overview' }).click();
  await alert.getByText('Everhook is not available (500)').first().waitFor();
  const again = page().waitForRequest('**/api/v1/stats/**');
  await alert.getByRole('button', { name: 'Try again' }).first().click();
  await again;
  await page().unroute('**/api/v1/stats/**');
  await page().getByText('Success rate').waitFor();
});

it('opens and filters a list of 100,000 as quickly as a short one', async () => {
  await giveMany(stack.database.url);
  await stack.open('/console');
  await page()
    .getByText(/9\d,\d{3} of/)
    .first()
    .waitFor();
  await stack.open('/console/deliveries?status=failed&eventType=invoice.paid');
  await page().getByRole('button', { name: 'Older' }).click();
  await page().waitForURL(/cursor=/);
  await page().getByLabel('Event id').fill('invoice-77697');
  await page()
    .getByRole('link', { name: /invoice-77697/ })
    .waitFor();
  const rows = () => page().locator('tbody tr').count();
  await eventually(rows, (count) => count === 1);
}, 120_000);

it('lets nobody in with a wrong secret, and out who signs out', async () => {
  await page().getByRole('button', { name: 'Sign out' }).click();
  await page().getByRole('heading', { name: 'Sign in to the console' }).waitFor();
  expect(await stack.axe()).toEqual([]);
  await page().getByLabel('Client id').fill(stack.credentials.clientId);
  await page().getByLabel('Client secret').fill('wrong');
  await page().getByRole('button', { name: 'Sign in' }).click();
  await page().getByRole('alert').waitFor();
  expect(await page().getByRole('navigation', { name: 'Pages' }).count()).toBe(0);
  const answer = await page().request.get(`${stack.url}/api/v1/deliveries`, { headers: { 'x-everhook-console': '1' } });
  expect(answer.status()).toBe(401);
});

it('an operator comes in by a link that works once, and chooses a tenant', async () => {
  const { url } = await operatorLink();
  await page().goto('about:blank');
  await page().goto(url);
  await page().getByRole('heading', { name: 'Choose a tenant' }).waitFor();
  expect(page().url()).not.toContain('link=');
  expect(await stack.axe()).toEqual([]);
  await page().getByRole('button', { name: /Acme/ }).click();
  await page().getByRole('heading', { name: 'Overview' }).waitFor();
  await stack.open('/console/deliveries');
  await page().locator('.row-link').first().waitFor();
  // Anybody can send a link to a session of theirs: whoever is signed in is asked before it ends theirs.
  await page().goto('about:blank');
  await page().goto(url);
  await page().getByText('You are signed in as an operator').waitFor();
  expect(await stack.axe()).toEqual([]);
  await page().getByRole('button', { name: 'Stay signed in' }).click();
  await page().getByRole('heading', { name: 'Overview' }).waitFor();
  expect(page().url()).not.toContain('link=');
  await page().goto('about:blank');
  await page().goto(url);
  await page().getByRole('button', { name: 'Use the link' }).click();
  await page().getByRole('alert').waitFor();
});

/** `everhook console link --operator`. */
async function operatorLink(): Promise<{ url: string }> {
  const cli = path.resolve(__dirname, '..', '..', 'dist', 'src', 'cli', 'main.js');
  const env = {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    DATABASE_URL: stack.database.url,
    EVERHOOK_URL: stack.url,
  };
  const run = promisify(execFile);
  const { stdout } = await run(process.execPath, [cli, 'console', 'link', '--operator', '--json'], { env });
  return JSON.parse(stdout) as { url: string };
}

/** A day of them; their foreign keys are not checked one by one, and one event can be found by its id. */
async function giveMany(databaseUrl: string): Promise<void> {
  const url = new URL(databaseUrl);
  url.searchParams.set('options', '-c session_replication_role=replica');
  await giveHistory(url.href, { healthy, failing: webhookId }, 100_000);
  const client = new Client({ connectionString: url.href });
  await client.connect();
  await client.query(
    `INSERT INTO event_keys (tenant_id, event_id, event_uid, content_digest, created_at)
     SELECT tenant_id, event_id, id, sha256(''), created_at FROM events WHERE event_id = 'invoice-77697'`,
  );
  await client.end();
}
