import type { Knex } from 'knex';
import * as engine from './20261122000001_engine';
import * as contracts from './20261122000002_contracts';
import * as consents from './20261122000003_consents';
import * as credentials from './20261122000004_credentials';
import * as keys from './20261122000005_keys';
import * as audit from './20261122000006_audit';
import * as rowLevelSecurity from './20261122000007_row_level_security';
import * as partitions from './20261122000008_partitions';
import * as bursts from './20261122000009_bursts';
import * as failingWebhooks from './20261122000010_failing_webhooks';
import * as webhookVersions from './20261122000011_webhook_versions';
import * as consoleSessions from './20261122000012_console';
import * as observability from './20261122000013_observability';
import * as burstQueueSize from './20261122000014_burst_queue_size';
import * as attemptAnswers from './20261122000015_attempt_answers';

/** Every migration in order. Forward only in production; `down` exists so that each can be tried and undone. */
export const migrations: Record<string, Pick<Knex.Migration, 'up'> & { down: Knex.Migration['up'] }> = {
  '20261122000001_engine': engine,
  '20261122000002_contracts': contracts,
  '20261122000003_consents': consents,
  '20261122000004_credentials': credentials,
  '20261122000005_keys': keys,
  '20261122000006_audit': audit,
  '20261122000007_row_level_security': rowLevelSecurity,
  '20261122000008_partitions': partitions,
  '20261122000009_bursts': bursts,
  '20261122000010_failing_webhooks': failingWebhooks,
  '20261122000011_webhook_versions': webhookVersions,
  '20261122000012_console': consoleSessions,
  '20261122000013_observability': observability,
  '20261122000014_burst_queue_size': burstQueueSize,
  '20261122000015_attempt_answers': attemptAnswers,
};
