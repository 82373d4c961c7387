import {
  APIGatewayClient,
  CreateRestApiCommand,
  CreateUsagePlanCommand,
  paginateGetApiKeys,
} from '@aws-sdk/client-api-gateway';
import type { Log } from '../../../scripts/local-stack/log';
import { startMoto } from '../../../scripts/local-stack/moto';
import { Secret } from '../../domain/secret';
import { startDenyingProxy } from './denying-proxy';
import type { Teardown } from './teardown';

/** The AWS account of the demo: what an app can be given, and what AWS has of it. */
export interface DemoAws {
  /** For `AWS_ENDPOINT_URL`. */
  url: string;
  apiId: string;
  usagePlan: string;
  /** AWS lets nobody attach keys to this one. */
  deniedPlan: string;
  /** How often AWS has denied that. */
  denials(): number;
  /** All API keys, asked of AWS itself. */
  keys(): Promise<AwsKey[]>;
}

export interface AwsKey {
  id: string;
  /** The credential that the key was made for. */
  customerId: string | null;
  enabled: boolean;
  value: Secret;
}

/** Nobody answers there: where there is no stand-in the demo must not find AWS itself. */
export const nowhere = 'http://127.0.0.1:1';

/**
 * A stand-in for AWS: the one of `AWS_ENDPOINT_URL`, else moto. A text when there is none: why, and what would provide it.
 *
 * @param env the process's own: the AWS SDK reads it, and must find no account of anybody's there
 */
export async function startDemoAws(options: {
  env: NodeJS.ProcessEnv;
  region: string;
  teardown: Teardown;
  log: Log;
}): Promise<DemoAws | string> {
  const { env, region, teardown, log } = options;
  const credentials = { accessKeyId: 'demo', secretAccessKey: 'demo' };
  env.AWS_ACCESS_KEY_ID = credentials.accessKeyId;
  env.AWS_SECRET_ACCESS_KEY = credentials.secretAccessKey;
  // About versions of Node, in the middle of what the demo says.
  env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
  delete env.AWS_SESSION_TOKEN;
  delete env.AWS_PROFILE;

  const standIn = await startStandIn(env, teardown, log);
  if ('missing' in standIn) return standIn.missing;

  const gateway = new APIGatewayClient({ endpoint: standIn.url, region, credentials });
  teardown.add(async () => gateway.destroy());
  const { id: apiId = '' } = await gateway.send(new CreateRestApiCommand({ name: 'orders' }));
  const planOf = async (name: string) => {
    const plan = await gateway.send(new CreateUsagePlanCommand({ name, apiStages: [{ apiId, stage: 'prod' }] }));
    return plan.id ?? '';
  };
  const [usagePlan, deniedPlan] = [await planOf('gold'), await planOf('forbidden')];
  const proxy = await startDenyingProxy(standIn.url, deniedPlan);
  teardown.add(proxy.close);

  return {
    url: proxy.url,
    apiId,
    usagePlan,
    deniedPlan,
    denials: proxy.denials,
    async keys() {
      const found: AwsKey[] = [];
      for await (const { items = [] } of paginateGetApiKeys({ client: gateway }, { includeValues: true })) {
        for (const { id = '', customerId = null, enabled = false, value = '' } of items) {
          found.push({ id, customerId, enabled, value: new Secret(value) });
        }
      }
      return found;
    },
  };
}

async function startStandIn(
  env: NodeJS.ProcessEnv,
  teardown: Teardown,
  log: Log,
): Promise<{ url: string } | { missing: string }> {
  if (env.AWS_ENDPOINT_URL) {
    log('AWS: the stand-in of AWS_ENDPOINT_URL');
    return { url: env.AWS_ENDPOINT_URL };
  }
  try {
    const moto = await startMoto({ log, env });
    teardown.add(moto.stop);
    log(`AWS: moto stands in for it on ${moto.url}`);
    return { url: moto.url };
  } catch (error) {
    // Not worth the whole demo, whatever it is.
    return { missing: (error instanceof Error ? error.message : String(error)).replace(/\s*\n\s*/g, ' ') };
  }
}
