import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { EnvHttpProxyAgent, fetch } from 'undici';
import { cached } from './cache';
import { runToEnd } from './process';
import type { Log } from './log';

const SDK_VERSION = '1.24.0';
const ANSWER_WITHIN_MS = 8_000;
const DOWNLOAD_WITHIN_MS = 10 * 60_000;

export interface SdkDownload {
  /** As temporal.download calls them: the CLI with its dev server, and the time-skipping test server. */
  artifact: 'cli' | 'temporal-test-server';
  /** Name of the executable in the archive, which is the file in the cache. */
  executable: string;
  log: Log;
  env: NodeJS.ProcessEnv;
}

/** Where the download is kept, below the cache directory. */
export const sdkDownloadName = (artifact: SdkDownload['artifact']) => `${artifact}-sdk-${SDK_VERSION}`;

/**
 * Fetches what `TestWorkflowEnvironment`'s cached-download would fetch, from the same address, without needing the testing
 * package. `TEMPORAL_DOWNLOAD_URL` names a mirror.
 *
 * @throws Error within 8 s where temporal.download doesn't answer.
 */
export async function sdkDownload({ artifact, executable, log, env }: SdkDownload): Promise<string> {
  const origin = env.TEMPORAL_DOWNLOAD_URL || 'https://temporal.download';
  const query = new URLSearchParams({
    arch: process.arch === 'x64' ? 'amd64' : process.arch,
    platform: process.platform,
    format: 'tar.gz',
    'sdk-name': 'sdk-typescript',
    'sdk-version': SDK_VERSION,
  });
  const dispatcher = new EnvHttpProxyAgent();
  try {
    const answer = await fetch(`${origin}/${artifact}/default?${query.toString()}`, {
      dispatcher,
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    });
    if (!answer.ok) throw new Error(`${origin} answered ${answer.status}`);
    const { archiveUrl, fileToExtract } = archiveOf(await answer.json());

    return await cached({
      name: sdkDownloadName(artifact),
      file: executable,
      log,
      env,
      fill: async (directory) => {
        log(`${executable}: downloading ${archiveUrl}`);
        const archive = path.join(directory, 'archive.tar.gz');
        const { ok, status, body } = await fetch(archiveUrl, {
          dispatcher,
          signal: AbortSignal.timeout(DOWNLOAD_WITHIN_MS),
        });
        if (!ok || !body) throw new Error(`${archiveUrl} answered ${status}`);
        await pipeline(Readable.fromWeb(body), createWriteStream(archive));
        const strip = fileToExtract.split('/').length - 1;
        const args = ['-xzf', archive, '-C', directory, `--strip-components=${strip}`, fileToExtract];
        await runToEnd({ name: 'tar', command: 'tar', args }, log);
        await rm(archive);
      },
    });
  } finally {
    await dispatcher.close();
  }
}

function archiveOf(answer: unknown): { archiveUrl: string; fileToExtract: string } {
  if (
    typeof answer === 'object' &&
    answer !== null &&
    'archiveUrl' in answer &&
    'fileToExtract' in answer &&
    typeof answer.archiveUrl === 'string' &&
    typeof answer.fileToExtract === 'string'
  ) {
    return { archiveUrl: answer.archiveUrl, fileToExtract: answer.fileToExtract };
  }
  throw new Error('temporal.download answered something else than an archive');
}

/** What stopped a download, in a few words: fetch hides the reason in the cause. */
export function reasonOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return String(error);
  if ('cause' in error && error.cause) return reasonOf(error.cause);
  return 'message' in error ? String(error.message) : String(error);
}
