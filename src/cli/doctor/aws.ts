import type { Config } from '../../platform/config';
import { createAws } from '../../platform/aws/client';
import { createAwsProbes } from '../../platform/aws/probes';
import type { Database } from '../../store/database';
import { createPortalStore, type Portal } from '../../store/portals';
import { describeFailure } from '../failure';
import { findingsOf, type Finding } from './finding';

const { ok, failed, skipped } = findingsOf('aws');

/** Where portals have their credentials made: one cheap read for each place, with the credentials of this process. */
export async function lookAtAws(database: Database, config: Config): Promise<Finding[]> {
  const portals = await createPortalStore(database).list();
  if (portals.length === 0) return [skipped('credentials', 'no portal is configured: AWS is not used')];
  const aws = createAws({ endpoint: config.AWS_ENDPOINT_URL ?? null, region: config.AWS_REGION ?? null });
  const probes = createAwsProbes(aws);
  const places = new Map(portals.map((portal) => [`${portal.region ?? ''} ${portal.userPoolId ?? ''}`, portal]));
  try {
    const findings: Finding[] = [];
    for (const portal of places.values()) findings.push(await lookAtPlace(portal, probes, config));
    return findings;
  } finally {
    aws.close();
  }
}

async function lookAtPlace(
  { region: own, userPoolId, scopes }: Portal,
  probes: ReturnType<typeof createAwsProbes>,
  config: Config,
): Promise<Finding> {
  const region = own ?? config.AWS_REGION ?? null;
  const at = region ?? "the SDK's region";
  const where = region === null ? '' : ` --region ${region}`;
  if (userPoolId === null) {
    const name = `API Gateway, ${at}`;
    const mend = `aws sts get-caller-identity; aws apigateway get-usage-plans${where}  # docs/aws.md has the rights`;
    return probes.apiGateway({ region: own }).then(
      () => ok(name, 'answers us'),
      (error: unknown) => failed(name, describeFailure(error).message, mend),
    );
  }
  const name = `user pool ${userPoolId}, ${at}`;
  const mend = `aws sts get-caller-identity; aws cognito-idp describe-user-pool --user-pool-id ${userPoolId}${where}`;
  try {
    const wanted = [...new Set([...Object.values(scopes.byApi), ...scopes.defaults])];
    const pool = await probes.userPool({ region: own, userPoolId, scopes: wanted });
    if (!pool) return failed(name, 'there is no such pool', 'everhook sensedia configure with the pool that there is');
    const missing = pool.missingScopes.join(', ');
    if (missing) return failed(name, `it lacks the scopes ${missing}`, 'add them to a resource server of the pool');
    if (!pool.hasDomain)
      return failed(
        name,
        'it has no domain: apps get no token',
        `aws cognito-idp create-user-pool-domain --user-pool-id ${userPoolId} --domain …`,
      );
    return ok(name, 'answers us');
  } catch (error) {
    return failed(name, describeFailure(error).message, mend);
  }
}
