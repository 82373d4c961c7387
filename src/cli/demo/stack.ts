import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { durableDirectory } from '../../../scripts/local-stack/cache';
import type { Log } from '../../../scripts/local-stack/log';
import { reservePort } from '../../../scripts/local-stack/ports';
import { startPostgres } from '../../../scripts/local-stack/postgres';
import { startTemporal } from '../../../scripts/local-stack/temporal';
import { randomName } from '../../domain/ids';
import { readConfig, readTemporalConnection, type Config } from '../../platform/config';
import type { TemporalConnection } from '../../platform/temporal-profile';
import { nowhere, startDemoAws, type DemoAws } from './aws';
import { demoKeys } from './keys';
import type { Teardown } from './teardown';

/**
 * PostgreSQL, Temporal and a stand-in for AWS, and a configuration that uses them. The live demo keeps its data in
 * `directory` between runs; `--once` starts from nothing, and so can run beside it. AWS always starts from nothing, and is
 * a text where there is none: see {@link startDemoAws}.
 *
 * @throws MissingPartError with the command that provides what is missing
 */
export async function startDemoStack(options: {
  directory: string;
  once: boolean;
  /** Origins of the demo's receivers. */
  receivers: string[];
  env: NodeJS.ProcessEnv;
  teardown: Teardown;
  log: Log;
}): Promise<{ config: Config; temporal: TemporalConnection; aws: DemoAws | string }> {
  const { directory, once, env, teardown, log } = options;
  const port = env.PORT || (await preferredPort(3000));
  // The dev server's Web UI can be told an address and nothing else, so the token stands in it.
  const codecToken = env.CODEC_TOKEN || randomBytes(32).toString('base64url');
  const codecEndpoint = `http://127.0.0.1:${port}/codec/${codecToken}`;
  const region = env.AWS_REGION || 'eu-central-1';
  const [postgres, temporal, aws] = await allStarted(
    startPostgres({
      log,
      env,
      database: 'everhook',
      ...(once ? { fsync: false } : { directory: path.join(directory, 'postgres-18') }),
    }).then((running) => {
      teardown.add(running.stop);
      return running;
    }),
    startTemporal({
      log,
      env,
      codecEndpoint,
      ...(!once && { dbFilename: path.join(directory, 'temporal.sqlite') }),
    }).then((running) => {
      teardown.add(running.stop);
      return running;
    }),
    startDemoAws({ env, region, teardown, log }),
  );
  const settings = {
    HOST: '127.0.0.1',
    LOG_LEVEL: 'info',
    ...(once ? timesToCheck : timesToWatch),
    // Another demo's worker on the same Temporal must not take this one's work: it has other data.
    TEMPORAL_TASK_QUEUE: once ? `everhook-demo-${randomName(6)}` : 'everhook-demo',
    ...(await demoKeys(directory)),
    ...settingsIn(env),
    PORT: port,
    CODEC_TOKEN: codecToken,
    METRICS_PORT: env.METRICS_PORT || (await preferredPort(9464)),
    DATABASE_URL: postgres.url,
    TEMPORAL_ADDRESS: temporal.address,
    TEMPORAL_UI_URL: temporal.uiUrl,
    AWS_ENDPOINT_URL: typeof aws === 'string' ? nowhere : aws.url,
    AWS_REGION: region,
    EGRESS_ALLOW: [...options.receivers, ...(env.EGRESS_ALLOW ? [env.EGRESS_ALLOW] : [])].join(','),
  };
  return { config: readConfig(settings), temporal: readTemporalConnection(settings), aws };
}

/** Short enough to watch, and shorter still when nobody does. */
const timesToWatch = { RETRY_BASE: '1s', CONSENT_DECISION_TIMEOUT: '45s', CONSENT_CONSUMPTION_TIMEOUT: '30s' };
const timesToCheck = { RETRY_BASE: '250ms', CONSENT_DECISION_TIMEOUT: '10s', CONSENT_CONSUMPTION_TIMEOUT: '10s' };

/** Directory of the live demo's data, of the keys, and of both demos' logs. */
export function demoDirectory(env: NodeJS.ProcessEnv): Promise<string> {
  return durableDirectory('demo', env);
}

/** What the environment says otherwise. It is no production, whatever else runs with these variables. */
function settingsIn(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(
      ([name, value]) =>
        value !== '' &&
        name !== 'NODE_ENV' &&
        !name.startsWith('EVERHOOK_') &&
        !(ofAnotherTemporal.test(name) && !env.TEMPORAL_ADDRESS),
    ),
  );
}

/** What says how the user's own Temporal is reached, and where a file does: not for the dev server that we start. */
const ofAnotherTemporal = /^(TEMPORAL_(?!TASK_QUEUE$).*|HOME|XDG_CONFIG_HOME|APPDATA)$/;

/** Waits for all also when one fails, so that nothing is still starting while we stop. */
async function allStarted<A, B, C>(...starting: [Promise<A>, Promise<B>, Promise<C>]): Promise<[A, B, C]> {
  await Promise.allSettled(starting);
  return Promise.all(starting);
}

async function preferredPort(wanted: number): Promise<string> {
  return String(await reservePort(wanted).catch(() => reservePort()));
}
