import { randomBytes } from 'node:crypto';
import { chromium, type Browser, type Page } from 'playwright-core';
import { chromiumExecutable } from '../../scripts/local-stack/chromium';
import { createTestDatabase, type TestDatabase } from '../support/database';
import {
  createTenant,
  eventually,
  startEverhook,
  tenantApi,
  type EverhookProcess,
  type Surroundings,
} from '../support/everhook';
import { startReceiver, type HttpReceiver } from '../support/receivers';
import { devServer, testTaskQueue } from '../support/temporal';

interface DeliveryJson {
  id: string;
  webhookId: string;
  eventId: string;
  status: string;
  attempts: unknown[];
  workflowId: string;
  temporalUrl: string;
}

const codecToken = randomBytes(32).toString('base64url');

describe("in Temporal's Web UI an operator", () => {
  const server = devServer();
  let browser: Browser;
  let page: Page;
  let database: TestDatabase;
  let receiver: HttpReceiver;
  let everhook: EverhookProcess;
  let waiting: DeliveryJson;
  let failed: DeliveryJson;

  beforeAll(async () => {
    database = await createTestDatabase();
    receiver = await startReceiver((request, response) => {
      // A long wait for the one that is looked at while it waits; the other one gives up at once.
      response.writeHead(503, request.path === '/waiting' ? { 'retry-after': '60' } : {}).end('down for maintenance');
    });
    const surroundings: Surroundings = {
      databaseUrl: database.url,
      temporalAddress: server.address,
      taskQueue: testTaskQueue(),
      allow: [receiver.url],
      settings: { RETRY_BASE: '100ms', TEMPORAL_UI_URL: server.uiUrl, CODEC_TOKEN: codecToken },
    };
    everhook = await startEverhook('start', surroundings);
    const api = await tenantApi(() => everhook.url, await createTenant(surroundings));
    const deliver = async (targetPath: string, settled: (one: DeliveryJson) => boolean) => {
      const webhook = await api.call<{ id: string }>('POST', '/api/v1/webhooks', {
        targetUrl: receiver.url + targetPath,
        events: ['everhook.test'],
      });
      const event = await api.call<{ deliveries: { id: string }[] }>('POST', '/api/v1/events', {
        type: 'everhook.test',
        payload: {},
        webhookId: webhook.body.id,
      });
      const id = event.body.deliveries[0]?.id ?? '';
      return eventually(async () => (await api.call<DeliveryJson>('GET', `/api/v1/deliveries/${id}`)).body, settled);
    };
    failed = await deliver('/failing', (one) => one.status === 'failed');
    waiting = await deliver('/waiting', (one) => one.attempts.length === 1);

    browser = await chromium.launch({
      executablePath: await chromiumExecutable((line) => process.stderr.write(`${line}\n`)),
      args: [
        ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
        ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
      ],
    });
    page = await browser.newPage({ viewport: { width: 1400, height: 1000 } });
  }, 600_000);

  afterAll(async () => {
    await browser?.close();
    await everhook?.stop();
    await receiver?.close();
    await server.close();
    await database?.drop();
  });

  const shown = (text: string | RegExp) => page.getByText(text).first().waitFor({ timeout: 20_000 });

  it('finds what failed for a webhook in the list, by its search attributes', async () => {
    const query = `WebhookId="${failed.webhookId}" AND DeliveryStatus="failed"`;
    const list = `${server.uiUrl}/namespaces/default/workflows?query=${encodeURIComponent(query)}`;
    await eventually(
      async () => {
        await page.goto(list);
        await page.waitForLoadState('networkidle');
        return page.getByRole('link', { name: failed.workflowId }).count();
      },
      (count) => count > 0,
      40_000,
    );
    await shown('Failed');
  }, 60_000);

  it('can read nothing of a run without signing in', async () => {
    await page.goto(failed.temporalUrl);
    await shown('Encoded failure');
    for (const text of [failed.id, 'gave up', 'everhook.test →']) expect(await page.getByText(text).count()).toBe(0);
  }, 60_000);

  it('signs in once, and has payloads decrypted from then on', async () => {
    await page.goto(`${everhook.url}/codec`);
    await page.getByLabel('CODEC_TOKEN').fill(codecToken);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await shown('Signed in for 12 hours');
    // As the Web UI's codec settings store it; in an installation its server says so.
    const settings = Object.entries({ endpoint: `${everhook.url}/codec`, includeCredentials: true });
    const stored = settings.map(([name, value]) => [name, JSON.stringify(value)]);
    await page.addInitScript(`for (const one of ${JSON.stringify(stored)}) localStorage.setItem(...one);`);
    await page.goto(failed.temporalUrl);
    await shown(/"deliveryId"/);
    await shown(failed.id);
  }, 60_000);

  it('reads on the page of a failed run what was delivered to whom and why it gave up', async () => {
    await page.goto(failed.temporalUrl);
    await shown(`everhook.test → webhook ${failed.webhookId}`);
    await shown(/gave up after 4 attempts; the last one: http_status 503/);
    await shown(/attempt 4 of 4/);
  }, 60_000);

  it('sees in a waiting run what the last attempt came to and when the next one comes', async () => {
    await page.goto(waiting.temporalUrl);
    await shown(`everhook.test → webhook ${waiting.webhookId}`);
    await shown(/before attempt 2 of 4/);
    await page.getByText('User Metadata', { exact: true }).click();
    // The UI renders our Markdown in a frame of its own.
    await eventually(
      async () => (await Promise.all(page.frames().map((frame) => frame.innerText('body')))).join('\n'),
      (text) => text.includes('Attempt 1 of 4 ended in http_status 503. The next one comes 60 s later.'),
    );
  }, 60_000);
});
