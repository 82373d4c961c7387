import { Secret } from '../../src/domain/secret';
import { createCredentialWorkStore } from '../../src/store/credential-work';
import { startTestApi, type TestApi } from '../support/api';

const many = '1000000/s';

/** An API on which everything works: AWS makes what is asked for, workers do what they are told, limits are out of the way. */
export async function startFuzzedApi(): Promise<TestApi> {
  const api = await startTestApi({
    env: { RATE_LIMIT_AUTH_FAILURES: many, RATE_LIMIT_WRITES: many, RATE_LIMIT_EVENTS: many },
    overrides: {
      credentialSecrets: {
        read: async ({ credentialType, awsId }) =>
          credentialType === 'API_KEY'
            ? { credentialType, apiKeyId: awsId, apiKey: new Secret(`value-of-${awsId}`) }
            : { credentialType, clientId: awsId, clientSecret: new Secret(`secret-of-${awsId}`) },
      },
    },
  });
  const work = createCredentialWorkStore({ database: api.database, audit: api.dependencies.audit });
  api.credentialRuns.perform = async (operation) => {
    const opened = await work.open(operation);
    if (opened.todo === 'nothing') return opened.outcome;
    if (opened.todo === 'create') await work.rememberAwsId(operation, `k${operation.credentialId.slice(-8)}`);
    const kinds = { create: 'provisioned', update: 'changed', remove: 'removed' } as const;
    const kind = kinds[opened.todo as keyof typeof kinds];
    if (kind) await work.record(operation, { kind });
    return { kind: 'succeeded' };
  };
  return api;
}
