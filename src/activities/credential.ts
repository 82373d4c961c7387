import type { Credential } from '../domain/credential/credential';
import { usagePlansOf } from '../domain/credential/credential';
import {
  apiKeyName,
  appClientMarker,
  appClientName,
  credentialTag,
  installationTag,
  managedBy,
  managedByTag,
  tenantTag,
} from '../domain/credential/names';
import { problemOf } from '../domain/credential/plans';
import type { CredentialAwsActivities, UsagePlanStages } from '../domain/credential-run';
import type { ApiGateway } from '../platform/aws/api-gateway';
import type { Aws } from '../platform/aws/client';
import { AwsFailure } from '../platform/aws/errors';
import { missingScopes } from '../platform/aws/probes';
import type { Logger } from '../platform/logging';
import type { ApiKeyValues } from '../store/api-key-values';
import type { CredentialWorkStore } from '../store/credential-work';
import { createAppClientSteps } from './credential-app-client';
import { createStepRunner, lookUps, pause, StepRefused, type StepWork } from './credential-step';

/** The steps on API Gateway; those on Cognito are in `credential-app-client.ts`. */
export function createCredentialAwsActivities(dependencies: {
  work: CredentialWorkStore;
  aws: Aws;
  values: ApiKeyValues;
  log: Logger;
}): CredentialAwsActivities {
  const { work, aws, values, log } = dependencies;
  const run = createStepRunner({ work, log });
  const gatewayOf = ({ recorded }: StepWork): ApiGateway => aws.apiGateway(recorded.region);

  /** The oldest key of the credential; what else is there of it goes. */
  async function keyOf(task: StepWork): Promise<string | null> {
    const gateway = gatewayOf(task);
    const [oldest, ...others] = await gateway.keysOfCustomer(task.recorded.id, task.signal);
    for (const other of others) await gateway.deleteKey(other.id, task.signal);
    return oldest?.id ?? null;
  }

  async function keyOfPatiently(task: StepWork): Promise<string | null> {
    for (let tries = 1; ; tries += 1) {
      const id = await keyOf(task);
      if (id !== null || tries === lookUps.tries) return id;
      await pause(lookUps.apartMs, task.signal);
    }
  }

  async function makeKey(task: StepWork): Promise<string> {
    const { id, tenantId } = task.recorded;
    const value = await values.of({ tenantId, credentialId: id });
    if (value === null) throw new StepRefused('given_up', 'the credentials are not wanted any more');
    const tags = {
      [managedByTag]: managedBy,
      [installationTag]: await work.installationId(),
      [tenantTag]: tenantId,
      [credentialTag]: id,
    };
    try {
      const key = { name: apiKeyName(task.recorded), description: `Everhook ${id}`, customerId: id, value, tags };
      return await gatewayOf(task).createKey(key, task.signal);
    } catch (error) {
      // Only we know the value: an earlier attempt made the key, and AWS does not list it yet.
      if (!(error instanceof AwsFailure) || error.kind !== 'conflict') throw error;
      const made = await keyOfPatiently(task);
      if (made !== null) return made;
      throw new AwsFailure(error.operation, 'unavailable', 'NotVisibleYet', null, error.requestId, null);
    }
  }

  async function plansOf(task: StepWork, credential: Credential): Promise<UsagePlanStages[]> {
    const plans: UsagePlanStages[] = [];
    for (const usagePlanId of usagePlansOf(credential.apis)) {
      const plan = await gatewayOf(task).usagePlan(usagePlanId, task.signal);
      if (!plan) throw new StepRefused('unknown_usage_plan', `there is no usage plan ${usagePlanId}`);
      plans.push(plan);
    }
    return plans;
  }

  return {
    checkUsagePlans: (step, of) =>
      run(step, 'check-usage-plans', async (task) => {
        const plans = await plansOf(task, task[of]);
        const problem = of === 'requested' ? problemOf(plans, task.requested.apis) : null;
        if (problem?.code === 'plan_does_not_cover_api') {
          const { usagePlanId, apiId } = problem;
          throw new StepRefused(problem.code, `usage plan ${usagePlanId} does not cover API ${apiId}`);
        }
        if (problem) {
          throw new StepRefused(
            problem.code,
            `usage plans ${problem.usagePlanIds.join(' and ')} cover the same API stage`,
          );
        }
        return plans;
      }),

    createApiKey: (step) =>
      run(step, 'create-api-key', async (task) => {
        const apiKeyId = (task.again ? await keyOf(task) : null) ?? (await makeKey(task));
        await work.rememberAwsId(step, apiKeyId);
        return { apiKeyId };
      }),

    findApiKey: (step) => run(step, 'find-api-key', keyOfPatiently),

    attachUsagePlan: (step, apiKeyId, usagePlanId) =>
      run(step, `attach-usage-plan ${usagePlanId}`, async (task) => {
        const gateway = gatewayOf(task);
        if (task.again && (await gateway.isAttached(usagePlanId, apiKeyId, task.signal))) return;
        try {
          await gateway.attach(usagePlanId, apiKeyId, task.signal);
        } catch (error) {
          if (!(error instanceof AwsFailure) || error.kind !== 'conflict') throw error;
          // Attached already is what we want; else another plan of the key is in the way.
          if (await gateway.isAttached(usagePlanId, apiKeyId, task.signal)) return;
          throw new StepRefused(
            'plans_share_stage',
            `usage plan ${usagePlanId} covers an API stage the key has already`,
          );
        }
      }),

    enableApiKey: (step, apiKeyId) =>
      run(step, 'enable-api-key', (task) => gatewayOf(task).setEnabled(apiKeyId, true, task.signal)),

    disableApiKey: (step, apiKeyId) =>
      run(step, 'disable-api-key', (task) =>
        unlessGone(() => gatewayOf(task).setEnabled(apiKeyId, false, task.signal)),
      ),

    readUsagePlans: (step, apiKeyId) =>
      run(step, 'read-usage-plans', (task) => gatewayOf(task).usagePlansOf(apiKeyId, task.signal)),

    detachUsagePlan: (step, apiKeyId, usagePlanId) =>
      run(step, `detach-usage-plan ${usagePlanId}`, async (task) => {
        const gateway = gatewayOf(task);
        // Asked first: it may never have been attached, and one stand-in breaks where AWS says 404.
        if (!(await gateway.isAttached(usagePlanId, apiKeyId, task.signal))) return;
        await gateway.detach(usagePlanId, apiKeyId, task.signal);
      }),

    renameApiKey: (step, apiKeyId, to) =>
      run(step, 'rename-api-key', (task) => gatewayOf(task).rename(apiKeyId, apiKeyName(task[to]), task.signal)),

    deleteApiKey: (step, apiKeyId) =>
      run(step, 'delete-api-key', (task) => gatewayOf(task).deleteKey(apiKeyId, task.signal)),

    ...createAppClientSteps({
      run,
      aws,
      remember: (step, clientId) => work.rememberAwsId(step, clientId),
      nameOf: async (credential) =>
        appClientName(credential, { installationId: await work.installationId(), credentialId: credential.id }),
      markerOf: async (credential) =>
        appClientMarker({ installationId: await work.installationId(), credentialId: credential.id }),
      missingScopes: (place, signal) => missingScopes(aws, place, signal),
    }),
  };
}

async function unlessGone(change: () => Promise<void>): Promise<void> {
  try {
    await change();
  } catch (error) {
    if (!(error instanceof AwsFailure) || error.kind !== 'not_found') throw error;
  }
}
