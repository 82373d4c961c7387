import type { AwsPlace } from '../../domain/credential/credential';

/** Cheap reads that tell whether AWS takes our calls, for health checks. They change nothing. */
export interface AwsProbes {
  /** One usage plan is listed. @throws AwsFailure */
  apiGateway(place: Pick<AwsPlace, 'region'>, signal?: AbortSignal): Promise<void>;
  /** The user pool is described. `hasDomain` false: apps could get no token. @throws AwsFailure */
  userPool(
    place: { region: string | null; userPoolId: string },
    signal?: AbortSignal,
  ): Promise<{ hasDomain: boolean; missingScopes: string[] }>;
}
