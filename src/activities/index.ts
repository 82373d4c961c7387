import { Context } from '@temporalio/activity';
import type { BurstActivities } from '../domain/burst-run';
import type { ConnectionTestActivities } from '../domain/connection-test-run';
import type { ConsentActivities } from '../domain/consent-run';
import type { CredentialAwsActivities, CredentialRecordActivities } from '../domain/credential-run';
import type { DeliveryActivities } from '../domain/delivery-run';
import type { RetentionActivities, RetentionPeriods } from '../domain/retention-run';
import type { AwsSweepActivities, SweepActivities } from '../domain/sweep-run';
import type { Aws } from '../platform/aws/client';
import type { BurstRuns } from '../platform/burst-runs';
import type { ConsentRuns } from '../platform/consent-runs';
import type { CredentialRuns } from '../platform/credential-runs';
import type { DeliveryRuns } from '../platform/delivery-runs';
import type { DeliveryStarter } from '../platform/delivery-starter';
import type { Egress } from '../platform/egress/egress';
import type { Logger } from '../platform/logging';
import type { EngineMetrics } from '../platform/metrics';
import type { Tracing } from '../platform/tracing';
import type { ApiKeyValues } from '../store/api-key-values';
import type { AuditStore } from '../store/audit';
import type { BurstQueueStore } from '../store/burst-queue';
import type { ConsentStore } from '../store/consents';
import type { CredentialWorkStore } from '../store/credential-work';
import type { CredentialStore } from '../store/credentials';
import type { DeliveryStore } from '../store/deliveries';
import type { FailureReportStore } from '../store/failure-reports';
import type { MessageSigningKeyStore } from '../store/message-signing-keys';
import type { RetentionStore } from '../store/retention';
import type { WebhookHealthStore } from '../store/webhook-health';
import type { WebhookStore } from '../store/webhooks';
import { createAwsSweepActivities } from './aws-sweep';
import { createBlockedAddresses } from './blocked-addresses';
import { createBurstActivities, tripOfActivity } from './burst';
import { createConnectionTestActivities } from './connection-test';
import { createConsentActivities } from './consent';
import { createConsentSweepActivities } from './consent-sweep';
import { createCredentialAwsActivities } from './credential';
import { createCredentialRecordActivities } from './credential-record';
import { createCredentialSweepActivities } from './credential-sweep';
import { createDeliveryActivities } from './delivery';
import { createExchange } from './exchange';
import { createMessageSigner } from './message-signer';
import { createOutboundAuth } from './outbound-auth';
import { createRetentionActivities } from './retention';
import { createSweepActivities } from './sweep';
import { createWebhookHealth } from './webhook-health';
import { createWebhookLanes } from './webhook-lanes';

/** Every activity of a worker's own task queue, with what it needs from outside. */
export function createActivities(dependencies: {
  audit: AuditStore;
  consents: ConsentStore;
  credentialWork: CredentialWorkStore;
  deliveries: DeliveryStore;
  failureReports: FailureReportStore;
  webhooks: WebhookStore;
  messageSigningKeys: MessageSigningKeyStore;
  retention: RetentionStore;
  periods: RetentionPeriods;
  egress: Egress;
  runs: DeliveryRuns;
  bursts: BurstRuns;
  burstQueue: BurstQueueStore;
  /** False: what travels together still is left to the sweeper. */
  burstsOn: boolean;
  consentRuns: ConsentRuns;
  credentialRuns: CredentialRuns;
  starter: DeliveryStarter;
  metrics: EngineMetrics;
  tracing: Tracing;
  log: Logger;
  /** Attempts of one webhook at the same time. */
  maxPerWebhook: number;
  webhookHealth: WebhookHealthStore;
  /** How long all attempts at a webhook may fail before it is disabled; null: for ever. */
  disableFailingAfterMs: number | null;
  /** Fires when the worker stops waiting for what is under way. */
  shutdown: AbortSignal;
  /** Fires when the worker begins to stop. */
  stopping: AbortSignal;
  /** What goes on after the activity that began it; to be waited for. */
  background: Set<Promise<void>>;
}): DeliveryActivities &
  BurstActivities &
  ConsentActivities &
  CredentialRecordActivities &
  ConnectionTestActivities &
  RetentionActivities &
  SweepActivities {
  const work = dependencies.credentialWork;
  const blockedAddresses = createBlockedAddresses(dependencies);
  const outward = { ...dependencies, blockedAddresses };
  const exchange = createExchange({
    ...outward,
    signer: createMessageSigner(dependencies.messageSigningKeys),
    outboundAuth: createOutboundAuth(outward),
    health: createWebhookHealth(dependencies),
  });
  const lanes = createWebhookLanes({ perWebhook: dependencies.maxPerWebhook });
  const heartbeat = () => Context.current().heartbeat();
  return {
    ...createDeliveryActivities({ ...dependencies, lanes, exchange, heartbeat }),
    ...createBurstActivities({ ...dependencies, lanes, exchange, trip: tripOfActivity }),
    ...createConsentActivities(dependencies),
    ...createConnectionTestActivities(outward),
    ...createCredentialRecordActivities({ ...dependencies, work }),
    ...createRetentionActivities(dependencies),
    ...createSweepActivities(dependencies),
    ...createConsentSweepActivities(dependencies),
    ...createCredentialSweepActivities({ ...dependencies, work }),
  };
}

/** Those that call AWS, on a task queue of their own whose rate is limited. */
export function createAwsActivities(dependencies: {
  credentials: CredentialStore;
  credentialWork: CredentialWorkStore;
  credentialRuns: CredentialRuns;
  aws: Aws;
  apiKeyValues: ApiKeyValues;
  log: Logger;
}): CredentialAwsActivities & AwsSweepActivities {
  const { credentialWork: work, apiKeyValues: values } = dependencies;
  return {
    ...createCredentialAwsActivities({ ...dependencies, work, values }),
    ...createAwsSweepActivities({ ...dependencies, work }),
  };
}
