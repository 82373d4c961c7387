import pino from 'pino';
import { Registry } from 'prom-client';
import { createCredentialRecordActivities } from '../../src/activities/credential-record';
import { createEngineMetrics } from '../../src/platform/metrics';

/** As after a restore from a backup that is older than the run. */
it('a run whose operation is not in PostgreSQL hears so at once, instead of waiting for it for ever', async () => {
  const activities = createCredentialRecordActivities({
    work: {
      open: async () => ({
        todo: 'nothing',
        outcome: { kind: 'failed', code: 'not_found', message: 'gone' },
        status: null,
      }),
      record: async () => null,
    },
    metrics: createEngineMetrics(new Registry()),
    log: pino({ level: 'silent' }),
  });
  const operation = { tenantId: 't', credentialId: 'c', operationId: 'o' };
  expect(await activities.recordResult(operation, { kind: 'provisioned' })).toEqual({
    recorded: false,
    status: 'failed',
  });
});
