import { existsSync, readdirSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Log } from './log';
import { MissingPartError } from './missing-part';
import { findOnPath, isExecutable, runToEnd } from './process';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/**
 * A Chromium for the tests that look at pages: `CHROMIUM_PATH`, one on PATH, one that Playwright downloaded before,
 * else Debian's package where we may install it, else Playwright's own download.
 *
 * @throws {@link MissingPartError}
 */
export async function chromiumExecutable(log: Log, env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const found = (env.CHROMIUM_PATH || undefined) ?? onPath(env) ?? downloadedByPlaywright(env);
  if (found) return found;

  const aptGet = findOnPath('apt-get', env);
  if (aptGet && process.getuid?.() === 0) {
    log('Chromium: installing the package chromium');
    try {
      const quiet = { env: { ...env, DEBIAN_FRONTEND: 'noninteractive' } };
      await runToEnd({ name: 'apt-get update', command: aptGet, args: ['update'], ...quiet }, log);
      const args = ['install', '-y', '--no-install-recommends', 'chromium'];
      await runToEnd({ name: 'apt-get install chromium', command: aptGet, args, ...quiet }, log);
    } catch (error) {
      log(`Chromium: ${error instanceof Error ? error.message.split('\n')[0] : 'the package could not be installed'}`);
    }
    const installed = onPath(env);
    if (installed) return installed;
  }

  log('Chromium: downloading it with Playwright');
  try {
    const playwright = path.join(path.dirname(require.resolve('playwright-core/package.json')), 'cli.js');
    const args = [playwright, 'install', 'chromium-headless-shell'];
    await runToEnd({ name: 'playwright install', command: process.execPath, args, env }, log);
  } catch (error) {
    log(`Chromium: ${error instanceof Error ? error.message.split('\n')[0] : 'the download failed'}`);
  }
  const downloaded = downloadedByPlaywright(env);
  if (downloaded) return downloaded;
  throw new MissingPartError(
    'no Chromium was found or could be installed',
    'apt-get install chromium, or set CHROMIUM_PATH',
  );
}

function onPath(env: NodeJS.ProcessEnv): string | undefined {
  return NAMES.map((name) => findOnPath(name, env)).find((file) => file !== undefined);
}

function downloadedByPlaywright(env: NodeJS.ProcessEnv): string | undefined {
  const cache =
    process.platform === 'darwin'
      ? path.join(os.homedir(), 'Library', 'Caches', 'ms-playwright')
      : path.join(env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache'), 'ms-playwright');
  const root = env.PLAYWRIGHT_BROWSERS_PATH || cache;
  if (!existsSync(root)) return undefined;
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((file) => ['headless_shell', 'chrome', 'chrome-headless-shell', 'Chromium'].includes(path.basename(file)))
    .map((file) => path.join(root, file))
    .find(isExecutable);
}
