import path from 'node:path';
import { Connection } from '@temporalio/client';
import { cacheDirectory, cached } from './cache';
import { MissingPartError } from './missing-part';
import { reservePort } from './ports';
import { findOnPath, isExecutable, runToEnd, startProgram, untilReady } from './process';
import { reasonOf, sdkDownload, sdkDownloadName } from './sdk-download';
import { SEARCH_ATTRIBUTES } from './search-attributes';
import type { Log } from './log';

/** The newest that `go install` takes: later ones have a `replace` in their go.mod. */
const CLI_VERSION = '1.5.1';
const GO_PACKAGE = `github.com/temporalio/cli/cmd/temporal@v${CLI_VERSION}`;

export interface TemporalOptions {
  log: Log;
  /** SQLite file that keeps workflows over restarts; without it they end with the server. */
  dbFilename?: string;
  /** The Web UI; true unless said otherwise. */
  ui?: boolean;
  /** Of the gRPC frontend; a free one unless given, as when a server is started again. */
  port?: number;
  /** Where the Web UI has payloads decrypted. */
  codecEndpoint?: string;
  /** Settings of the server's own (its dynamic configuration), as JSON. */
  dynamicConfig?: Record<string, string>;
  env?: NodeJS.ProcessEnv;
}

export interface Temporal {
  /** host:port of the gRPC frontend. */
  address: string;
  /** Address of the Web UI; undefined when there is none, or `TEMPORAL_ADDRESS` came without `TEMPORAL_UI_URL`. */
  uiUrl: string | undefined;
  /** Null for the one of `TEMPORAL_ADDRESS`. */
  pid: number | null;
  stop(): Promise<void>;
}

/**
 * Temporal: the one of `TEMPORAL_ADDRESS`, used as it is and never stopped, else a dev server with namespace `default` and
 * Everhook's search attributes on free ports of 127.0.0.1.
 *
 * @throws MissingPartError when no dev server can be found or installed.
 */
export async function startTemporal(options: TemporalOptions): Promise<Temporal> {
  const { log, dbFilename, ui = true, codecEndpoint, dynamicConfig = {}, env = process.env } = options;
  if (env.TEMPORAL_ADDRESS) {
    log('Temporal: the one of TEMPORAL_ADDRESS');
    return { address: env.TEMPORAL_ADDRESS, uiUrl: env.TEMPORAL_UI_URL, pid: null, stop: async () => {} };
  }

  const command = await temporalExecutable(log, env);
  const [port, uiPort] = [options.port ?? (await reservePort()), await reservePort()];
  const address = `127.0.0.1:${port}`;
  const running = startProgram({
    name: 'Temporal',
    command,
    args: [
      ...['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(port), '--log-level', 'error'],
      ...(ui ? ['--ui-port', String(uiPort)] : ['--headless']),
      ...(dbFilename ? ['--db-filename', dbFilename] : []),
      ...(codecEndpoint ? ['--ui-codec-endpoint', codecEndpoint] : []),
      ...SEARCH_ATTRIBUTES.flatMap((name) => ['--search-attribute', `${name}=Keyword`]),
      ...Object.entries({ 'matching.enableFairness': 'true', ...dynamicConfig }).flatMap(([name, value]) => [
        '--dynamic-config-value',
        `${name}=${value}`,
      ]),
      ...['--sqlite-pragma', 'journal_mode=WAL', '--sqlite-pragma', 'synchronous=OFF'],
    ],
    env,
  });
  await untilReady(running, 'Temporal', () => knowsNamespace(address));
  const uiUrl = ui ? `http://127.0.0.1:${uiPort}` : undefined;
  if (uiUrl) await untilReady(running, "Temporal's Web UI", async () => (await fetch(uiUrl)).ok);
  log(`Temporal: dev server on ${address}${uiUrl ? `, Web UI ${uiUrl}` : ''}`);
  return { address, uiUrl, pid: running.pid, stop: () => running.stop() };
}

/**
 * The `temporal` CLI: on PATH, in the cache, by the SDK's download, or built with Go (some 5 minutes on two cores, once).
 *
 * @throws MissingPartError when none of these works.
 */
export async function temporalExecutable(log: Log, env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const built = `temporal-cli-${CLI_VERSION}`;
  const found = [
    findOnPath('temporal', env),
    path.join(cacheDirectory(env), built, 'temporal'),
    path.join(cacheDirectory(env), sdkDownloadName('cli'), 'temporal'),
  ].find((file) => file !== undefined && isExecutable(file));
  if (found) return found;

  log('Temporal: no `temporal` on PATH or in the cache, asking temporal.download for it');
  let whyNoDownload: string;
  try {
    return await sdkDownload({ artifact: 'cli', executable: 'temporal', log, env });
  } catch (error) {
    whyNoDownload = reasonOf(error);
  }

  const go = findOnPath('go', env);
  const remedy = `install the Temporal CLI, set TEMPORAL_ADDRESS, or with Go 1.24 or later run \`go install ${GO_PACKAGE}\``;
  if (!go) throw new MissingPartError(`no \`temporal\`, no download (${whyNoDownload}) and no \`go\` here`, remedy);
  log(`Temporal: no download (${whyNoDownload}); building it with Go, once, which takes some minutes`);
  try {
    return await cached({
      name: built,
      file: 'temporal',
      log,
      env,
      fill: (directory) =>
        runToEnd(
          {
            name: 'go install temporal',
            command: go,
            args: ['install', GO_PACKAGE],
            env: { ...env, GOBIN: directory },
          },
          log,
        ),
    });
  } catch (error) {
    throw new MissingPartError(`no \`temporal\`, no download and Go can't build it (${reasonOf(error)})`, remedy);
  }
}

/** Whether the server answers and has the namespace; it serves before the namespace is there. */
export async function knowsNamespace(address: string, namespace = 'default'): Promise<boolean> {
  const connection = await Connection.connect({ address, connectTimeout: 2_000 });
  try {
    await connection.withDeadline(Date.now() + 2_000, () =>
      connection.workflowService.describeNamespace({ namespace }),
    );
    return true;
  } finally {
    await connection.close();
  }
}
