import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Connection, isGrpcServiceError } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time';
import { cacheDirectory, cached } from './cache';
import { MissingPartError } from './missing-part';
import { accepts, reservePort, reservePortUpTo } from './ports';
import { createDatabase, holdsTable } from './postgres';
import { findOnPath, isExecutable, runToEnd, startProgram, untilReady } from './process';
import { reasonOf } from './sdk-download';
import { SEARCH_ATTRIBUTES } from './search-attributes';
import { serverConfig, uiConfig, type FullServerPorts } from './temporal-full-config';
import type { Log } from './log';
import type { Temporal } from './temporal';

const SERVER_VERSION = '1.32.1';
const PROGRAMS = {
  server: { file: 'server', goPackage: `go.temporal.io/server/cmd/server@v${SERVER_VERSION}` },
  sql: { file: 'sql', goPackage: `go.temporal.io/server/cmd/tools/sql@v${SERVER_VERSION}` },
  ui: { file: 'server', goPackage: 'github.com/temporalio/ui-server/v2/cmd/server@v2.54.1' },
};
const ALREADY_EXISTS = 6;
const KEYWORD = 2;
const RETENTION = '3 days';
/** The server keeps its ports in a smallint column of PostgreSQL. */
const HIGHEST_SERVICE_PORT = 32_767;

export interface FullTemporalOptions {
  log: Log;
  /** A PostgreSQL whose user may create databases; `temporal` and `temporal_visibility` are made there. */
  postgresUrl: string;
  /** Permanent for a database. */
  historyShards?: number;
  ui?: boolean;
  codecEndpoint?: string;
  /** Free ones unless given, as when a server is started again. */
  ports?: FullServerPorts;
  env?: NodeJS.ProcessEnv;
}

/**
 * Temporal as it runs in production: server 1.32.1 on PostgreSQL, in one process, with the Web UI beside it, both on free
 * ports of 127.0.0.1; namespace `default` and Everhook's search attributes are ready when this resolves.
 *
 * @throws MissingPartError when the programs aren't in the cache and Go isn't here to build them.
 */
export async function startFullTemporal(options: FullTemporalOptions): Promise<Temporal> {
  const { log, postgresUrl, historyShards = 64, ui = true, codecEndpoint, env = process.env } = options;
  const sql = await program('sql', log, env);
  const server = await program('server', log, env);
  const uiServer = ui ? await program('ui', log, env) : undefined;

  await prepareDatabase(sql, postgresUrl, 'temporal', 'temporal', log);
  await prepareDatabase(sql, postgresUrl, 'temporal_visibility', 'visibility', log);

  const ports = options.ports ?? (await reserveFullServerPorts());
  const directory = await mkdtemp(path.join(os.tmpdir(), 'everhook-temporal-'));
  const started: (() => Promise<void>)[] = [() => rm(directory, { recursive: true, force: true })];
  const stop = async () => {
    for (const stopOne of started.splice(0).reverse()) await stopOne();
  };
  try {
    // JSON is YAML. The server's file has PostgreSQL's password in it.
    const file = async (name: string, content: unknown) => {
      await writeFile(path.join(directory, name), JSON.stringify(content), { mode: 0o600 });
      return path.join(directory, name);
    };
    const dynamicConfig = await file('dynamic.yaml', { 'matching.enableFairness': [{ value: true }] });
    const configFile = await file('server.yaml', serverConfig({ postgresUrl, ports, historyShards, dynamicConfig }));
    const args = ['--config-file', configFile, '--allow-no-auth', 'start'];
    const running = startProgram({ name: 'Temporal', command: server, args, env });
    started.push(() => running.stop());

    const address = `127.0.0.1:${ports.frontend.grpc}`;
    await untilReady(running, 'Temporal', () => accepts(ports.frontend.grpc));
    log(`Temporal: server ${SERVER_VERSION} on ${address}, waiting for its namespace`);
    await untilReady(running, "Temporal's namespace", () => prepareNamespace(address), 120_000);

    let uiUrl: string | undefined;
    if (uiServer) {
      const port = await reservePort();
      uiUrl = `http://127.0.0.1:${port}`;
      await file('development.yaml', uiConfig({ address, port, codecEndpoint }));
      const args = ['--root', directory, '--config', '.', '--env', 'development', 'start'];
      const runningUi = startProgram({ name: "Temporal's Web UI", command: uiServer, args, env });
      started.push(() => runningUi.stop());
      await untilReady(runningUi, "Temporal's Web UI", async () => (await fetch(`http://127.0.0.1:${port}`)).ok);
    }
    log(`Temporal: server ${SERVER_VERSION} on ${address}${uiUrl ? `, Web UI ${uiUrl}` : ''}`);
    return { address, uiUrl, pid: running.pid, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** One of the three programs, from the cache or built with Go. Two of them are called `server`: each has a directory. */
async function program(part: keyof typeof PROGRAMS, log: Log, env: NodeJS.ProcessEnv): Promise<string> {
  const { file, goPackage } = PROGRAMS[part];
  const name = path.join(`temporal-server-${SERVER_VERSION}`, part);
  const target = path.join(cacheDirectory(env), name, file);
  if (isExecutable(target)) return target;

  const go = findOnPath('go', env);
  const remedy = `with Go 1.26 or later run \`go install ${goPackage}\``;
  if (!go) throw new MissingPartError(`no ${goPackage} in the cache and no \`go\` here`, remedy);
  log(`Temporal: building ${goPackage}, once, which takes some minutes`);
  const fill = (directory: string) =>
    runToEnd(
      { name: `go install ${part}`, command: go, args: ['install', goPackage], env: { ...env, GOBIN: directory } },
      log,
    );
  try {
    return await cached({ name, file, log, env, fill });
  } catch (error) {
    throw new MissingPartError(`Go can't build ${goPackage} (${reasonOf(error)})`, remedy);
  }
}

async function prepareDatabase(sql: string, postgresUrl: string, database: string, schema: string, log: Log) {
  const { hostname, port, username, password } = new URL(postgresUrl);
  await createDatabase(postgresUrl, database);
  const connection = ['--plugin', 'postgres12_pgx', '--ep', hostname, '-p', port || '5432', '--db', database];
  const run = (args: string[]) =>
    runToEnd(
      {
        name: `schema of ${database}`,
        command: sql,
        args: [...connection, ...args],
        env: { ...process.env, SQL_USER: decodeURIComponent(username), SQL_PASSWORD: decodeURIComponent(password) },
      },
      log,
    );
  if (!(await holdsTable(postgresUrl, database, 'schema_version'))) {
    log(`Temporal: making the schema of ${database}`);
    await run(['setup-schema', '-v', '0.0']);
  }
  await run(['update-schema', '--schema-name', `postgresql/v12/${schema}`]);
}

/** Registers what is missing, and says whether the namespace can be searched by its attributes already. */
async function prepareNamespace(address: string): Promise<boolean> {
  const connection = await Connection.connect({ address, connectTimeout: 2_000 });
  try {
    await connection.withDeadline(Date.now() + 10_000, async () => {
      await unlessThere(() =>
        connection.workflowService.registerNamespace({
          namespace: 'default',
          workflowExecutionRetentionPeriod: msToTs(RETENTION),
        }),
      );
      const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace: 'default' });
      const missing = SEARCH_ATTRIBUTES.filter((name) => !(name in customAttributes));
      if (missing.length > 0) {
        const searchAttributes = Object.fromEntries(missing.map((name) => [name, KEYWORD]));
        await unlessThere(() =>
          connection.operatorService.addSearchAttributes({ namespace: 'default', searchAttributes }),
        );
      }
      const query = SEARCH_ATTRIBUTES.map((name) => `${name} = ''`).join(' OR ');
      await connection.workflowService.countWorkflowExecutions({ namespace: 'default', query });
    });
    return true;
  } finally {
    await connection.close();
  }
}

async function unlessThere(register: () => Promise<unknown>): Promise<void> {
  try {
    await register();
  } catch (error) {
    if (!isGrpcServiceError(error) || Number(error.code) !== ALREADY_EXISTS) throw error;
  }
}

/** Ports of 127.0.0.1 for one server. */
export async function reserveFullServerPorts(): Promise<FullServerPorts> {
  const port = () => reservePortUpTo(HIGHEST_SERVICE_PORT);
  const pair = async () => ({ grpc: await port(), membership: await port() });
  const [frontend, history, matching, worker] = [await pair(), await pair(), await pair(), await pair()];
  return { frontend, history, matching, worker, http: await port() };
}
