import { splitScope } from '../../domain/credential/scopes';
import type { Aws } from './client';

/** Cheap reads that tell whether AWS takes our calls, for health checks. They change nothing. */
export interface AwsProbes {
  /** One usage plan is listed. @throws AwsFailure */
  apiGateway(place: { region: string | null }, signal?: AbortSignal): Promise<void>;
  /**
   * The user pool and the resource servers of `scopes` are described. Null: there is no such pool. Without a domain apps
   * get no token; a missing scope can't be given to a client. @throws AwsFailure
   */
  userPool(
    place: { region: string | null; userPoolId: string; scopes: readonly string[] },
    signal?: AbortSignal,
  ): Promise<{ hasDomain: boolean; missingScopes: string[] } | null>;
}

export function createAwsProbes(aws: Aws): AwsProbes {
  return {
    apiGateway: ({ region }, signal) => aws.apiGateway(region).probe(signal),

    async userPool({ region, userPoolId, scopes }, signal) {
      const pool = await aws.cognito(region).userPool(userPoolId, signal);
      return pool && { ...pool, missingScopes: await missingScopes(aws, { region, userPoolId, scopes }, signal) };
    },
  };
}

/** Those of `scopes` that the pool does not have. @throws AwsFailure */
export async function missingScopes(
  aws: Aws,
  { region, userPoolId, scopes }: { region: string | null; userPoolId: string; scopes: readonly string[] },
  signal?: AbortSignal,
): Promise<string[]> {
  const servers = [...new Set(scopes.flatMap((scope) => splitScope(scope)?.resourceServer ?? []))];
  const has = new Set<string>();
  for (const server of servers) {
    const names = await aws.cognito(region).scopesOf(userPoolId, server, signal);
    names.forEach((name) => has.add(`${server}/${name}`));
  }
  return scopes.filter((scope) => !has.has(scope));
}
