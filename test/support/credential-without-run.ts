import { MockActivityEnvironment } from '@temporalio/testing';
import type { CredentialAwsActivities } from '../../src/domain/credential-run';
import { usagePlansOf } from '../../src/domain/credential/credential';
import type { CredentialSecrets } from '../../src/platform/aws/secrets';
import type { CredentialWorkStore } from '../../src/store/credential-work';
import type { CredentialStore } from '../../src/store/credentials';
import { createApiKey, createAppClient } from '../../src/workflows/credential-sagas';
import type { TakeStep } from '../../src/workflows/credential-steps';
import type { CreationRequest, Heard } from './credential-caller';

export type Made = Extract<Heard, { kind: 'created' }>;

/**
 * Credentials as earlier runs left them: the same saga, the same steps and the same records, one after the other and
 * without Temporal, which takes a tenth of the time.
 */
export function createWithoutRun(dependencies: {
  tenantId: string;
  credentials: CredentialStore;
  work: CredentialWorkStore;
  secrets: CredentialSecrets;
  awsActivities: CredentialAwsActivities;
}) {
  const { tenantId, credentials, work, secrets, awsActivities } = dependencies;
  const environment = new MockActivityEnvironment();

  return async function make(request: CreationRequest): Promise<Made> {
    const acceptance = await credentials.acceptCreate(tenantId, request, {
      tenantId,
      actor: 'portal:test',
      action: 'credential.create',
      objectType: 'credential',
      fields: [],
      address: null,
      requestId: null,
      outcome: 'success',
    });
    if (acceptance.kind !== 'accepted') throw new Error(`a creation is ${acceptance.kind}`);
    const { operation } = acceptance;
    await work.open(operation);
    let number = 0;
    const take: TakeStep = (_summary, step) => {
      number += 1;
      return environment.run(() => step(awsActivities, { ...operation, number }));
    };
    const saga = { take, compensations: [] };
    if (request.credentialType === 'API_KEY') await createApiKey(saga, usagePlansOf(request.apis));
    else await createAppClient(saga);
    await work.record(operation, { kind: 'provisioned' });
    const credential = await credentials.find(tenantId, operation.credentialId);
    const awsId = credential?.awsId ?? '';
    const secret = credential && (await secrets.read({ ...credential, awsId }));
    if (!secret || !(await credentials.handOver(operation))) throw new Error('a creation came to nothing');
    const value = secret.credentialType === 'API_KEY' ? secret.apiKey : secret.clientSecret;
    return { kind: 'created', credentialId: operation.credentialId, awsId, secret: value.reveal() };
  };
}
