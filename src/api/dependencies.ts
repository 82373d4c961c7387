import type { PayloadCodec } from '@temporalio/common';
import type { Registry } from 'prom-client';
import type { AwsProbes } from '../platform/aws/probes';
import type { CredentialSecrets } from '../platform/aws/secrets';
import type { Config } from '../platform/config';
import type { ConsentRuns } from '../platform/consent-runs';
import type { BurstQueueStore } from '../store/burst-queue';
import type { ConsentStarter } from '../platform/consent-starter';
import type { ConnectionTests } from '../platform/connection-tests';
import type { CredentialRuns } from '../platform/credential-runs';
import type { DeliveryRuns } from '../platform/delivery-runs';
import type { DeliveryStarter } from '../platform/delivery-starter';
import type { Logger } from '../platform/logging';
import type { Tokens } from '../platform/tokens';
import type { ConsoleFiles } from '../platform/console-files';
import type { Tracing } from '../platform/tracing';
import type { AuditStore } from '../store/audit';
import type { ConsoleSessionStore } from '../store/console-sessions';
import type { ConsentStore } from '../store/consents';
import type { CredentialStore } from '../store/credentials';
import type { DeliveryStatsStore } from '../store/delivery-stats';
import type { DeliveryTrendStore } from '../store/delivery-trend';
import type { DeliveryStore } from '../store/deliveries';
import type { EventTypeStore } from '../store/event-types';
import type { EventStore } from '../store/events';
import type { FailingWebhookStore } from '../store/failing-webhooks';
import type { InstallationStore } from '../store/installation';
import type { MessageSigningKeyStore } from '../store/message-signing-keys';
import type { PortalStore } from '../store/portals';
import type { Tenancy } from '../store/tenancy';
import type { TenantStore } from '../store/tenants';
import type { WebhookStore } from '../store/webhooks';
import type { RefusalLog } from './refusal-log';

/** All that the API stands on. */
export interface ApiDependencies {
  config: Config;
  log: Logger;
  tokens: Tokens;
  tracing: Tracing;
  tenancy: Tenancy;
  tenants: TenantStore;
  webhooks: WebhookStore;
  events: EventStore;
  eventTypes: EventTypeStore;
  consents: ConsentStore;
  portals: PortalStore;
  consoleSessions: ConsoleSessionStore;
  /** Null: the console is not built. */
  consoleFiles: ConsoleFiles | null;
  credentials: CredentialStore;
  deliveries: DeliveryStore;
  deliveryStats: DeliveryStatsStore;
  deliveryTrend: DeliveryTrendStore;
  failingWebhooks: FailingWebhookStore;
  audit: AuditStore;
  messageSigningKeys: MessageSigningKeyStore;
  installation: InstallationStore;
  refusals: RefusalLog;
  runs: DeliveryRuns;
  connectionTests: ConnectionTests;
  burstQueue: BurstQueueStore;
  starter: DeliveryStarter;
  consentRuns: ConsentRuns;
  consentStarter: ConsentStarter;
  credentialRuns: CredentialRuns;
  credentialSecrets: CredentialSecrets;
  awsProbes: AwsProbes;
  /** For the codec endpoint, which is there when `CODEC_TOKEN` is. */
  codec: PayloadCodec;
  /** Never throws. */
  readiness(): Promise<{ postgresql: boolean; temporal: boolean }>;
  /** Whether workers take what is started now. Never throws. */
  workersPoll(): Promise<boolean>;
  /** Where the API's metrics go. */
  registry: Registry;
}
