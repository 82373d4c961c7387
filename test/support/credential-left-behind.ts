import type { AuditStore } from '../../src/store/audit';
import { createCredentialWorkStore } from '../../src/store/credential-work';
import { createCredentialStore } from '../../src/store/credentials';
import type { Database } from '../../src/store/database';
import { createEventStore } from '../../src/store/events';

/** The id of a credential as the API and a worker leave it behind: made, or stuck half-way, with a key that AWS refused. */
export async function leaveCredential(
  { database, audit, tenantId }: { database: Database; audit: AuditStore; tenantId: string },
  appName: string,
  kind: 'provisioned' | 'stuck',
): Promise<string> {
  const credentials = createCredentialStore({ database, audit, deadlineMs: 25_000 });
  const events = createEventStore(database, { retryBaseMs: 2_000 });
  const work = createCredentialWorkStore({ database, audit, events });
  const request = {
    appName,
    appSlug: null,
    developer: 'dev@example.com',
    credentialType: 'API_KEY' as const,
    apis: [{ id: 'api1', usagePlans: ['plan1'] }],
    scopes: [],
    region: null,
    userPoolId: null,
  };
  const acceptance = await credentials.acceptCreate(tenantId, request, {
    tenantId,
    actor: 'portal:renamed',
    action: 'credential.create',
    objectType: 'credential',
    fields: [],
    address: null,
    requestId: null,
    outcome: 'success',
  });
  if (acceptance.kind !== 'accepted') throw new Error(acceptance.kind);
  const { operation } = acceptance;
  await work.open(operation);
  const step = { ...operation, number: 1 };
  await work.beginStep(step, 'create-api-key');
  await work.rememberAwsId(operation, `key-${kind}`);
  await work.endStep(step, kind === 'stuck' ? { status: 'failed', error: 'AWS refused' } : { status: 'done' });
  await work.record(operation, kind === 'stuck' ? { kind, repairBy: 'remove' } : { kind });
  if (kind === 'provisioned') await credentials.handOver(operation);
  return operation.credentialId;
}
