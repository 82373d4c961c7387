import { readFileSync } from 'node:fs';
import { chromium, type Browser, type Page } from 'playwright-core';
import { chromiumExecutable } from '../../scripts/local-stack/chromium';
import { createTestDatabase, type TestDatabase } from './database';
import {
  createTenant,
  startEverhook,
  tenantApi,
  type EverhookProcess,
  type Surroundings,
  type TenantApi,
  type TenantCredentials,
} from './everhook';
import { startReceiver, type HttpReceiver, type ReceivedRequest } from './receivers';
import { devServer, testTaskQueue } from './temporal';
import type { ServerResponse } from 'node:http';

/** A browser that looks at a console. Whatever its page complains about is collected. */
export interface ConsoleBrowser {
  page: Page;
  /** Goes to `/console…` and waits until its data is there. */
  open(path: string): Promise<void>;
  /** By the form, as people do. */
  signIn(credentials: Pick<TenantCredentials, 'clientId' | 'clientSecret'>): Promise<void>;
  /**
   * What is wrong with the page as it is, empty: nothing. What axe finds, in light, in dark and as wide as a telephone;
   * and what has to be scrolled sideways there.
   */
  axe(): Promise<string[]>;
  /** What went wrong in the page so far: exceptions, what the Content-Security-Policy refused, errors on the console. */
  complaints: string[];
  close(): Promise<void>;
}

/** `everhook start` with a tenant, its receiver and a browser: all that a test of the console needs. */
export interface ConsoleStack extends ConsoleBrowser {
  url: string;
  everhook: EverhookProcess;
  surroundings: Surroundings;
  database: TestDatabase;
  receiver: HttpReceiver;
  credentials: TenantCredentials;
  api: TenantApi;
}

/** One a test file: starting it takes some seconds. */
export async function startConsole({
  respond,
  settings,
}: {
  respond?: (request: ReceivedRequest, response: ServerResponse) => void;
  settings?: Record<string, string>;
} = {}): Promise<ConsoleStack> {
  const temporal = devServer();
  const database = await createTestDatabase();
  const receiver = await startReceiver(respond);
  const surroundings: Surroundings = {
    databaseUrl: database.url,
    temporalAddress: temporal.address,
    taskQueue: testTaskQueue(),
    allow: [receiver.url],
    settings: { RETRY_BASE: '100ms', TEMPORAL_UI_URL: temporal.uiUrl, ...settings },
  };
  const [everhook, credentials] = [await startEverhook('start', surroundings), await createTenant(surroundings)];
  const api = await tenantApi(() => everhook.url, credentials);
  const browser = await openBrowser(everhook.url);
  return {
    ...browser,
    ...{ url: everhook.url, everhook, surroundings, database, receiver, credentials, api },
    async close() {
      await browser.close();
      await everhook.stop();
      await receiver.close();
      await temporal.close();
      await database.drop();
    },
  };
}

/** A Chromium at the console of `url`. */
export async function openBrowser(url: string): Promise<ConsoleBrowser> {
  const browser: Browser = await chromium.launch({
    executablePath: await chromiumExecutable((line) => process.stderr.write(`${line}\n`)),
    args: [
      ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
      ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
    ],
  });
  const page = await browser.newPage({
    ...{ viewport: desktop, reducedMotion: 'reduce', locale: 'en-GB', timezoneId: 'UTC' },
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  page.setDefaultTimeout(20_000);
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(`exception: ${error.message}`));
  page.on('console', (message) => {
    // Answers such as 401 before signing in are the page's to handle; it is not to print anything itself.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) {
      complaints.push(message.text());
    }
  });

  const loaded = async () => {
    await page.locator('h1').first().waitFor();
    await page.locator('.skeleton, .splash[aria-busy]').first().waitFor({ state: 'detached' });
  };

  return {
    page,
    complaints,
    async open(path) {
      await page.goto(url + path);
      await loaded();
    },
    async signIn({ clientId, clientSecret }) {
      await page.goto(`${url}/console`);
      await page.getByLabel('Client id').fill(clientId);
      await page.getByLabel('Client secret').fill(clientSecret);
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.getByRole('navigation', { name: 'Pages' }).waitFor();
      await loaded();
    },
    async axe() {
      const found: string[] = [];
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        found.push(...(await violations(page)).map((violation) => `${colorScheme}: ${violation}`));
      }
      await page.emulateMedia({ colorScheme: 'light' });
      await page.setViewportSize(telephone);
      const narrow = [...(await violations(page)), ...(await page.evaluate<string[]>(tooWide))];
      await page.setViewportSize(desktop);
      return [...found, ...narrow.map((violation) => `narrow: ${violation}`)];
    },
    close: () => browser.close(),
  };
}

const desktop = { width: 1280, height: 800 };
const telephone = { width: 390, height: 844 };

/** The page itself, and lists, which are laid out as cards there. */
const tooWide = `[document.documentElement, ...document.querySelectorAll('.table-scroll:has(> .cards)')]
  .filter(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth)
  .map(({ tagName, ariaLabel, scrollWidth }) => [tagName, ariaLabel, 'is', scrollWidth, 'wide'].join(' '))`;

interface AxeViolation {
  id: string;
  help: string;
  nodes: { html: string; failureSummary?: string }[];
}

/** Evaluated by the browser's debugger: the page's own policy would not let the script in. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8'));
  const found: AxeViolation[] = await page.evaluate('axe.run(document).then(({ violations }) => violations)');
  return found.map(({ id, help, nodes }) => {
    const where = nodes.slice(0, 3).map(({ html, failureSummary }) => `${html.slice(0, 160)} ${failureSummary ?? ''}`);
    return `${id} (${help}): ${where.join(' | ')}`;
  });
}
