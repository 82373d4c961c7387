import type { CredentialType } from '../domain/credential/credential';
import { planMoves, type PlanMove } from '../domain/credential/plans';
import type { TakeStep } from './credential-steps';

/** Registered before the step it undoes: a step that failed may have happened. Undone in reverse. */
export type Compensations = ((take: TakeStep) => Promise<unknown>)[];

interface Saga {
  take: TakeStep;
  compensations: Compensations;
}

/** Everything is checked before anything is made; made disabled, attached, enabled last. */
export async function createApiKey({ take, compensations }: Saga, usagePlans: readonly string[]): Promise<void> {
  let known: string | null = null;
  await take('check the usage plans', (aws, step) => aws.checkUsagePlans(step, 'requested'));
  compensations.push(async (undo) => {
    const id = known ?? (await undo('look for the API key', (aws, step) => aws.findApiKey(step)));
    if (id !== null) await undo('delete the API key', (aws, step) => aws.deleteApiKey(step, id));
  });
  const { apiKeyId } = await take('create the API key, disabled', (aws, step) => aws.createApiKey(step));
  known = apiKeyId;
  for (const usagePlanId of usagePlans) {
    await move({ take, compensations }, apiKeyId, { kind: 'attach', usagePlanId });
  }
  compensations.push((undo) => undo('disable the API key', (aws, step) => aws.disableApiKey(step, apiKeyId)));
  await take('enable the API key', (aws, step) => aws.enableApiKey(step, apiKeyId));
}

/** An app client works from the moment it is there, but its secret is known to nobody until it is handed over. */
export async function createAppClient({ take, compensations }: Saga): Promise<void> {
  let known: string | null = null;
  await take('check the scopes', (aws, step) => aws.checkScopes(step));
  compensations.push(async (undo) => {
    const id = known ?? (await undo('look for the app client', (aws, step) => aws.findAppClient(step)));
    if (id !== null) await undo('delete the app client', (aws, step) => aws.deleteAppClient(step, id));
  });
  const { clientId } = await take('create the app client', (aws, step) => aws.createAppClient(step));
  known = clientId;
}

/** From what AWS has to what is asked for. Nothing to change: nothing is written. */
export async function updateApiKey(
  { take, compensations }: Saga,
  apiKeyId: string,
  change: { plans: boolean; rename: boolean },
): Promise<void> {
  if (change.plans) {
    const current = await take('read the usage plans', (aws, step) => aws.readUsagePlans(step, apiKeyId));
    const wanted = await take('check the usage plans', (aws, step) => aws.checkUsagePlans(step, 'requested'));
    for (const one of planMoves(current, wanted)) await move({ take, compensations }, apiKeyId, one);
  }
  if (change.rename) {
    compensations.push((undo) =>
      undo('give the API key its old name', (aws, step) => aws.renameApiKey(step, apiKeyId, 'recorded')),
    );
    await take('rename the API key', (aws, step) => aws.renameApiKey(step, apiKeyId, 'requested'));
  }
}

export async function updateAppClient({ take, compensations }: Saga, clientId: string): Promise<void> {
  await take('check the scopes', (aws, step) => aws.checkScopes(step));
  compensations.push((undo) =>
    undo('write back the app client', (aws, step) => aws.updateAppClient(step, clientId, 'recorded')),
  );
  await take('update the app client', (aws, step) => aws.updateAppClient(step, clientId, 'requested'));
}

/** Back to what is recorded, whatever AWS has: for an update whose own compensations are lost. */
export async function restore(take: TakeStep, credentialType: CredentialType, awsId: string): Promise<void> {
  if (credentialType === 'CLIENT_CREDENTIALS') {
    await take('write back the app client', (aws, step) => aws.updateAppClient(step, awsId, 'recorded'));
    return;
  }
  const current = await take('read the usage plans', (aws, step) => aws.readUsagePlans(step, awsId));
  const wanted = await take('look up the usage plans', (aws, step) => aws.checkUsagePlans(step, 'recorded'));
  const compensations: Compensations = [];
  for (const one of planMoves(current, wanted)) await move({ take, compensations }, awsId, one);
  await take('give the API key its old name', (aws, step) => aws.renameApiKey(step, awsId, 'recorded'));
}

/** Only forwards: disable, detach, delete. `cutOff` is called once nobody can use it any more. */
export async function remove(
  take: TakeStep,
  { credentialType, awsId, cutOff }: { credentialType: CredentialType; awsId: string | null; cutOff(): Promise<void> },
): Promise<void> {
  if (credentialType === 'CLIENT_CREDENTIALS') {
    const id = awsId ?? (await take('look for the app client', (aws, step) => aws.findAppClient(step)));
    if (id !== null) await take('delete the app client', (aws, step) => aws.deleteAppClient(step, id));
    return;
  }
  const id = awsId ?? (await take('look for the API key', (aws, step) => aws.findApiKey(step)));
  if (id === null) return;
  await take('disable the API key', (aws, step) => aws.disableApiKey(step, id));
  await cutOff();
  const attached = await take('read the usage plans', (aws, step) => aws.readUsagePlans(step, id));
  for (const plan of attached) await move({ take, compensations: [] }, id, { kind: 'detach', usagePlanId: plan.id });
  await take('delete the API key', (aws, step) => aws.deleteApiKey(step, id));
}

async function move({ take, compensations }: Saga, apiKeyId: string, { kind, usagePlanId }: PlanMove): Promise<void> {
  const attach = (how: TakeStep) =>
    how(`attach usage plan ${usagePlanId}`, (aws, step) => aws.attachUsagePlan(step, apiKeyId, usagePlanId));
  const detach = (how: TakeStep) =>
    how(`detach usage plan ${usagePlanId}`, (aws, step) => aws.detachUsagePlan(step, apiKeyId, usagePlanId));
  compensations.push(kind === 'attach' ? detach : attach);
  await (kind === 'attach' ? attach : detach)(take);
}
