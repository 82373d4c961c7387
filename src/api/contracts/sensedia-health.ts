import { LRUCache } from 'lru-cache';
import type { Portal } from '../../store/portals';
import type { ApiDependencies } from '../dependencies';

/** Parts that can be away, as the answer names them. */
export type Component = 'postgresql' | 'temporal' | 'worker' | 'encryption-keys' | 'api-gateway' | 'user-pool';

/** What is away for a portal; empty: all is well. Within 2 s, and never throws. */
export type PortalHealth = (portal: Portal) => Promise<Component[]>;

/** AWS gives an account few calls a second: it is asked no more than this often (decision S0-9). */
const awsKeptMs = 30_000;
const budgetMs = 2_000;

type Needs = Pick<ApiDependencies, 'readiness' | 'workersPoll' | 'installation' | 'awsProbes' | 'log'>;

/** Everything that a creation needs, looked at in parallel; whoever asks meanwhile gets the same answer. */
export function createPortalHealth({ readiness, workersPoll, installation, awsProbes, log }: Needs): PortalHealth {
  const ofAws = new LRUCache<string, Promise<Component[]>>({ max: 1_000, ttl: awsKeptMs });
  let ofServices: Promise<Component[]> | undefined;

  /** One probe; whatever it throws, its component is away. */
  async function probe(component: Component, ask: (signal: AbortSignal) => Promise<boolean>): Promise<Component[]> {
    try {
      const answer = ask(AbortSignal.timeout(budgetMs)).then((isWell) => away(component, isWell));
      return await within(answer, [component]);
    } catch (error) {
      log.warn({ component, err: error }, 'a part does not answer the health check');
      return [component];
    }
  }

  async function askServices(): Promise<Component[]> {
    const [stands, worker, keys] = await Promise.all([
      within(
        readiness().then(({ postgresql, temporal }) => [
          ...away('postgresql', postgresql),
          ...away('temporal', temporal),
        ]),
        ['postgresql', 'temporal'],
      ),
      probe('worker', workersPoll),
      probe('encryption-keys', installation.opensCanary),
    ]);
    // Of what is known only by a part that is away nothing is said.
    return [...stands, ...(stands.includes('temporal') ? [] : worker), ...(stands.includes('postgresql') ? [] : keys)];
  }

  const services = () => (ofServices ??= askServices().finally(() => (ofServices = undefined)));

  async function askAws({ credentialType, region, userPoolId, scopes }: Portal): Promise<Component[]> {
    const wanted = [...new Set([...Object.values(scopes.byApi), ...scopes.defaults])];
    const parts = await Promise.all([
      // A portal of app clients alone may run without any rights on API Gateway.
      credentialType === 'API_KEY' &&
        probe('api-gateway', async (signal) => {
          await awsProbes.apiGateway({ region }, signal);
          return true;
        }),
      userPoolId !== null
        ? probe('user-pool', async (signal) => {
            const pool = await awsProbes.userPool({ region, userPoolId, scopes: wanted }, signal);
            return pool !== null && pool.hasDomain && pool.missingScopes.length === 0;
          })
        : away('user-pool', credentialType === 'API_KEY'),
    ]);
    return parts.flatMap((part) => part || []);
  }

  function aws(portal: Portal): Promise<Component[]> {
    const key = JSON.stringify([portal.credentialType, portal.region, portal.userPoolId, portal.scopes]);
    let known = ofAws.get(key);
    if (!known) ofAws.set(key, (known = askAws(portal)));
    return known;
  }

  return async (portal) => (await Promise.all([services(), aws(portal)])).flat();
}

const away = (component: Component, isWell: boolean): Component[] => (isWell ? [] : [component]);

/** The answer, or `otherwise` when the budget is used up. */
async function within(answer: Promise<Component[]>, otherwise: Component[]): Promise<Component[]> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Component[]>((resolve) => (timer = setTimeout(() => resolve(otherwise), budgetMs)));
  return Promise.race([answer, late]).finally(() => clearTimeout(timer));
}
