import type { Credential } from '../domain/credential/credential';
import type { CredentialAwsActivities, StepRef } from '../domain/credential-run';
import type { Aws } from '../platform/aws/client';
import type { Cognito } from '../platform/aws/cognito';
import { lookUps, pause, StepRefused, type createStepRunner, type StepWork } from './credential-step';

type AppClientSteps = Pick<
  CredentialAwsActivities,
  'checkScopes' | 'createAppClient' | 'findAppClient' | 'updateAppClient' | 'deleteAppClient'
>;

/** The steps on Cognito. What belongs to a credential is known by the end of its name. */
export function createAppClientSteps(dependencies: {
  run: ReturnType<typeof createStepRunner>;
  aws: Aws;
  remember(step: StepRef, clientId: string): Promise<void>;
  nameOf(credential: Credential): Promise<string>;
  markerOf(credential: Credential): Promise<string>;
  missingScopes(
    place: { region: string | null; userPoolId: string; scopes: readonly string[] },
    signal: AbortSignal,
  ): Promise<string[]>;
}): AppClientSteps {
  const { run, aws, remember, nameOf, markerOf } = dependencies;
  const cognitoOf = ({ recorded }: StepWork): Cognito => aws.cognito(recorded.region);

  /** The oldest client of the credential; what else is there of it goes. */
  async function clientOf(task: StepWork): Promise<string | null> {
    const cognito = cognitoOf(task);
    const pool = poolOf(task);
    const marker = await markerOf(task.recorded);
    const ours = (await cognito.clients(pool, task.signal)).filter(({ name }) => name.endsWith(marker));
    if (ours.length <= 1) return ours[0]?.clientId ?? null;
    const dated = [];
    for (const { clientId } of ours) {
      const at = await cognito.createdAt(pool, clientId, task.signal);
      if (at) dated.push({ clientId, at });
    }
    const [oldest, ...others] = dated.sort((one, other) => one.at.getTime() - other.at.getTime());
    for (const { clientId } of others) await cognito.deleteClient(pool, clientId, task.signal);
    return oldest?.clientId ?? null;
  }

  async function clientOfPatiently(task: StepWork): Promise<string | null> {
    for (let tries = 1; ; tries += 1) {
      const id = await clientOf(task);
      if (id !== null || tries === lookUps.tries) return id;
      await pause(lookUps.apartMs, task.signal);
    }
  }

  return {
    checkScopes: (step) =>
      run(step, 'check-scopes', async (task) => {
        const { region, scopes } = task.requested;
        const missing = await dependencies.missingScopes({ region, userPoolId: poolOf(task), scopes }, task.signal);
        if (missing.length > 0)
          throw new StepRefused('unknown_scope', `the user pool has no scope ${missing.join(', ')}`);
      }),

    createAppClient: (step) =>
      run(step, 'create-app-client', async (task) => {
        // Cognito has nothing to tell a repetition by: what an earlier attempt may have made is waited for.
        const made = task.again ? await clientOfPatiently(task) : null;
        const settings = { name: await nameOf(task.recorded), scopes: task.recorded.scopes };
        const clientId = made ?? (await cognitoOf(task).createClient(poolOf(task), settings, task.signal));
        await remember(step, clientId);
        return { clientId };
      }),

    findAppClient: (step) => run(step, 'find-app-client', clientOfPatiently),

    updateAppClient: (step, clientId, to) =>
      run(step, to === 'requested' ? 'update-app-client' : 'restore-app-client', async (task) => {
        const settings = { name: await nameOf(task[to]), scopes: task[to].scopes };
        const found = await cognitoOf(task).updateClient(poolOf(task), clientId, settings, task.signal);
        if (!found) throw new StepRefused('aws_refused', 'the user pool does not have the app client any more');
      }),

    deleteAppClient: (step, clientId) =>
      run(step, 'delete-app-client', (task) => cognitoOf(task).deleteClient(poolOf(task), clientId, task.signal)),
  };
}

function poolOf({ recorded }: StepWork): string {
  if (recorded.userPoolId === null) throw new StepRefused('aws_refused', 'the portal has no user pool');
  return recorded.userPoolId;
}
