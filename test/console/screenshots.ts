// Pictures of every page of the console for docs/console.md: real data, through the real API and a real worker.
//   npm run console-pictures [-- name of a picture …]
import { execFile } from 'node:child_process';
import { mkdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { chromium, type Page } from 'playwright-core';
import { giveEstate, type Estate } from './estate';
import { giveHistory } from './history';
import { giveCredentials, startPortalAws } from './portal';
import { createTestDatabase } from '../support/database';
import { createTenant, startEverhook, tenantApi, type Surroundings } from '../support/everhook';
import { startReceiver } from '../support/receivers';
import { startTestStack } from '../support/stack';
import { devServer, testTaskQueue } from '../support/temporal';
import { chromiumExecutable } from '../../scripts/local-stack/chromium';
import { logToStderr } from '../../scripts/local-stack/log';
import { withPalette } from './png-palette';

const root = path.resolve(__dirname, '..', '..');
const target = path.join(root, 'docs', 'console');
const desktop = { width: 1280, height: 800 };
/** What a picture may weigh in the repository. */
const maxBytes = 150_000;

/** One picture: a page of the console, and what is done on it before. */
interface Picture {
  name: string;
  path: string;
  /** Light unless said otherwise. */
  dark?: boolean;
  /** As on a telephone. */
  narrow?: boolean;
  prepare?(page: Page): Promise<void>;
}

function pictures(estate: Estate, credentials: Record<'kept' | 'undone', string>): Picture[] {
  const { webhooks, consents, failedDelivery } = estate;
  return [
    { name: 'overview', path: '' },
    { name: 'overview-dark', path: '', dark: true },
    { name: 'deliveries', path: '/deliveries' },
    { name: 'deliveries-narrow', path: '/deliveries', narrow: true },
    { name: 'delivery', path: `/deliveries/${failedDelivery}` },
    { name: 'webhooks', path: '/webhooks' },
    {
      name: 'webhook',
      path: `/webhooks/${webhooks.healthy}`,
      async prepare(page) {
        await page.getByRole('button', { name: 'Send a test event' }).click();
        await page.getByRole('button', { name: 'Send the sample' }).click();
        await page.getByText('Attempt 1:').waitFor();
      },
    },
    {
      name: 'webhook-failing',
      path: `/webhooks/${webhooks.failing}`,
      prepare: (page) => page.getByText('The numbers as a table').waitFor(),
    },
    {
      name: 'webhook-new',
      path: '/webhooks/new',
      async prepare(page) {
        await page.getByLabel('Target URL').fill('https://10.0.0.7/hooks');
        await page.getByLabel('Events').fill('invoice.*,invoice.refunded,');
        await page.getByLabel('Authentication').selectOption('basic');
        await page.getByLabel('User name').fill('everhook');
        await page.getByLabel('Password').fill('correct horse battery staple');
        await page.getByRole('button', { name: 'Register the webhook' }).click();
        await page.getByRole('alert').waitFor();
      },
    },
    {
      name: 'recover',
      path: `/recover?webhookId=${webhooks.failing}`,
      async prepare(page) {
        await page.getByRole('button', { name: 'Count first' }).click();
        await page.getByText('would be delivered again').waitFor();
      },
    },
    { name: 'consents', path: '/consents' },
    { name: 'consent', path: `/consents/${consents.approved}` },
    { name: 'consent-dark', path: `/consents/${consents.awaiting}`, dark: true },
    { name: 'credentials', path: '/credentials' },
    { name: 'credential', path: `/credentials/${credentials.undone}` },
    { name: 'event-types', path: '/event-types' },
    { name: 'event-type', path: '/event-types?type=invoice.paid' },
    {
      name: 'event-type-new',
      path: '/event-types/new',
      async prepare(page) {
        await page.getByLabel('Name').fill('order.shipped');
        await page.getByLabel('Description').fill('A parcel left the warehouse.');
        const schema = { type: 'object', properties: { orderId: { type: 'text' }, weight: { minimum: 'one' } } };
        await page.getByLabel('Schema').fill(JSON.stringify(schema, null, 2));
        await page.getByLabel('Example').fill(JSON.stringify({ orderId: 42 }, null, 2));
        await page.getByRole('button', { name: 'Make the event type' }).click();
        await page.getByText('wrong:').first().waitFor();
      },
    },
  ];
}

async function main(wanted: readonly string[]): Promise<void> {
  const stops: (() => Promise<unknown>)[] = [];
  try {
    const stack = await startTestStack();
    stops.push(stack.stop);
    Object.assign(process.env, stack.environment);
    const server = devServer();
    const database = await createTestDatabase();
    const receiver = await startReceiver((request, response) => {
      if (request.path === '/down')
        response.writeHead(503, { 'content-type': 'text/plain' }).end('upstream connect error');
      else response.end('{"received":true}');
    });
    stops.push(receiver.close);
    const portal = await startPortalAws(logToStderr);
    stops.push(portal.close);
    const surroundings: Surroundings = {
      databaseUrl: database.url,
      temporalAddress: server.address,
      taskQueue: testTaskQueue(),
      allow: [receiver.url],
      settings: { RETRY_BASE: '400ms', TEMPORAL_UI_URL: server.uiUrl, ...portal.settings },
    };
    const everhook = await startEverhook('start', surroundings);
    stops.push(everhook.stop);
    const tenant = await createTenant(surroundings, 'Acme');
    const api = await tenantApi(() => everhook.url, tenant);
    const estate = await giveEstate(api, { receiver: receiver.url, databaseUrl: database.url });
    await giveHistory(database.url, estate.webhooks);
    const { url } = everhook;
    const credentials = await giveCredentials(api, { ...tenant, url, databaseUrl: database.url, aws: portal.aws });

    const browser = await chromium.launch({
      executablePath: await chromiumExecutable(logToStderr),
      args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'],
    });
    stops.push(() => browser.close());
    await mkdir(target, { recursive: true });
    const context = await browser.newContext({ viewport: desktop, colorScheme: 'light' });
    const page = await context.newPage();
    await page.goto(`${url}/console`);
    await page.getByLabel('Client id').waitFor();
    await take(page, 'sign-in', wanted);
    // Else only the fragment would change, and the page stay.
    await page.goto('about:blank');
    await page.goto(await linkOf(tenant.tenantId, url, database.url));
    await page.getByRole('navigation', { name: 'Pages' }).waitFor();
    for (const { name, path: at, dark = false, narrow = false, prepare } of pictures(estate, credentials)) {
      if (wanted.length > 0 && !wanted.includes(name)) continue;
      await page.emulateMedia({ colorScheme: dark ? 'dark' : 'light' });
      await page.setViewportSize(narrow ? { width: 390, height: 844 } : desktop);
      await page.goto(`${url}/console${at}`);
      await page.locator('.skeleton, .splash').first().waitFor({ state: 'detached' });
      await prepare?.(page);
      await take(page, name, wanted);
    }
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}

/** `everhook console link`. */
async function linkOf(tenantId: string, url: string, databaseUrl: string): Promise<string> {
  const cli = path.join(root, 'dist', 'src', 'cli', 'main.js');
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, DATABASE_URL: databaseUrl, EVERHOOK_URL: url };
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [cli, 'console', 'link', '--tenant', tenantId, '--json'],
    { env },
  );
  return (JSON.parse(stdout) as { url: string }).url;
}

async function take(page: Page, name: string, wanted: readonly string[]): Promise<void> {
  if (wanted.length > 0 && !wanted.includes(name)) return;
  const file = path.join(target, `${name}.png`);
  await page.evaluate('window.scrollTo(0, 0)');
  await writeFile(file, withPalette(await page.screenshot({ animations: 'disabled' })));
  const { size } = await stat(file);
  logToStderr(`${name}.png: ${Math.round(size / 1000)} kB`);
  if (size > maxBytes) throw new Error(`${name}.png weighs ${size} bytes, more than ${maxBytes}`);
}

void main(process.argv.slice(2));
