import { Context } from '@temporalio/activity';
import type { AwsPlace } from '../domain/credential/credential';
import {
  credentialOfClientName,
  credentialTag,
  installationTag,
  managedBy,
  managedByTag,
} from '../domain/credential/names';
import type { AwsSweepActivities } from '../domain/sweep-run';
import type { ListedApiKey } from '../platform/aws/api-gateway';
import type { Aws } from '../platform/aws/client';
import { AwsFailure } from '../platform/aws/errors';
import type { CredentialRuns } from '../platform/credential-runs';
import type { Logger } from '../platform/logging';
import type { CredentialWorkStore } from '../store/credential-work';
import type { CredentialStore } from '../store/credentials';
import { classifyStoreError } from '../store/database';

/** What PostgreSQL does not know, a creation that is still going on may be about to tell it. */
const leastAgeMs = 60 * 60_000;
const repairsAtOnce = 50;

type Known = Awaited<ReturnType<CredentialWorkStore['known']>>;

/** Finds what is marked as ours in AWS and belongs to no credential: what was lost against all odds. */
export function createAwsSweepActivities(dependencies: {
  work: CredentialWorkStore;
  credentials: Pick<CredentialStore, 'acceptRepair'>;
  credentialRuns: Pick<CredentialRuns, 'nudge'>;
  aws: Aws;
  log: Logger;
}): AwsSweepActivities {
  const { work, credentials, credentialRuns, aws, log } = dependencies;

  async function sweepKeys(region: string | null, installationId: string, signal: AbortSignal): Promise<number> {
    const gateway = aws.apiGateway(region);
    const ours = (await gateway.allKeys(signal)).filter(
      ({ tags }) => tags[managedByTag] === managedBy && tags[installationTag] === installationId,
    );
    const known = await work.known(ours.map(credentialOfKey));
    let removed = 0;
    for (const key of ours) {
      if (!isOrphan(known, credentialOfKey(key), key.id, key.createdAt)) continue;
      await gateway.setEnabled(key.id, false, signal);
      for (const plan of await gateway.usagePlansOf(key.id, signal)) await gateway.detach(plan.id, key.id, signal);
      await gateway.deleteKey(key.id, signal);
      log.warn({ region, apiKeyId: key.id, credentialId: credentialOfKey(key) }, 'removed an API key of no credential');
      removed += 1;
    }
    return removed;
  }

  async function sweepClients(
    { region, pool }: { region: string | null; pool: string },
    installationId: string,
    signal: AbortSignal,
  ): Promise<number> {
    const cognito = aws.cognito(region);
    const ours = (await cognito.clients(pool, signal)).flatMap(({ clientId, name }) => {
      const credentialId = credentialOfClientName(name, installationId);
      return credentialId === null ? [] : [{ clientId, credentialId }];
    });
    const known = await work.known(ours.map(({ credentialId }) => credentialId));
    let removed = 0;
    for (const { clientId, credentialId } of ours) {
      // Told apart first: when it was made is another call.
      if (!isOrphan(known, credentialId, clientId, new Date(0))) continue;
      const createdAt = await cognito.createdAt(pool, clientId, signal);
      if (!createdAt || !isOrphan(known, credentialId, clientId, createdAt)) continue;
      await cognito.deleteClient(pool, clientId, signal);
      log.warn({ region, clientId, credentialId }, 'removed an app client of no credential');
      removed += 1;
    }
    return removed;
  }

  /** One place that can't be swept does not keep the others from it. */
  async function attempt(place: AwsPlace, sweep: () => Promise<number>): Promise<number> {
    try {
      return await sweep();
    } catch (error) {
      if (!(error instanceof AwsFailure)) throw error;
      log.warn({ ...place, reason: error.message }, 'a part of AWS could not be swept; the next sweep tries again');
      return 0;
    }
  }

  async function repair(): Promise<number> {
    let repairing = 0;
    for (const { tenantId, id } of await work.stuck(repairsAtOnce)) {
      const accepted = await credentials.acceptRepair(tenantId, id, {
        tenantId,
        actor: 'sweeper',
        action: 'credential.repair',
        objectType: 'credential',
        fields: [],
        address: null,
        requestId: null,
        outcome: 'success',
      });
      if (accepted.kind !== 'accepted') continue;
      await credentialRuns.nudge(accepted.operation);
      repairing += 1;
    }
    return repairing;
  }

  async function sweep(signal: AbortSignal): Promise<{ removed: number; repairing: number }> {
    const installationId = await work.installationId();
    const places = await work.places();
    const regions = [...new Set(places.map(({ region }) => region))];
    let removed = 0;
    for (const region of regions) {
      const place = { region, userPoolId: null };
      removed += await attempt(place, () => sweepKeys(region, installationId, signal));
    }
    for (const place of places) {
      const { region, userPoolId } = place;
      if (userPoolId === null) continue;
      removed += await attempt(place, () => sweepClients({ region, pool: userPoolId }, installationId, signal));
    }
    return { removed, repairing: await repair() };
  }

  return {
    async sweepAws() {
      const context = Context.current();
      const beat = setInterval(() => context.heartbeat(), 5_000);
      try {
        const result = await sweep(context.cancellationSignal);
        if (result.removed + result.repairing > 0) log.info(result, 'sweep of AWS');
        return result;
      } catch (error) {
        throw classifyStoreError(error);
      } finally {
        clearInterval(beat);
      }
    },
  };
}

const credentialOfKey = (key: ListedApiKey): string => key.tags[credentialTag] ?? key.customerId ?? '';

function isOrphan(known: Known, credentialId: string, awsId: string, createdAt: Date): boolean {
  const credential = known.get(credentialId);
  const gone = credential?.status === 'failed' || credential?.status === 'revoked';
  if (gone) return true;
  // A second one of the same credential is nobody's; its id is stored within moments.
  const another = credential?.awsId !== undefined && credential.awsId !== null && credential.awsId !== awsId;
  return (!credential || another) && Date.now() - createdAt.getTime() > leastAgeMs;
}
