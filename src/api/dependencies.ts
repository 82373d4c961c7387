import type { Registry } from 'prom-client';
import type { Config } from '../platform/config';
import type { ConsentRuns } from '../platform/consent-runs';
import type { ConsentStarter } from '../platform/consent-starter';
import type { ConnectionTests } from '../platform/connection-tests';
import type { DeliveryRuns } from '../platform/delivery-runs';
import type { DeliveryStarter } from '../platform/delivery-starter';
import type { Logger } from '../platform/logging';
import type { Tokens } from '../platform/tokens';
import type { AuditStore } from '../store/audit';
import type { ConsentStore } from '../store/consents';
import type { DeliveryStatsStore } from '../store/delivery-stats';
import type { DeliveryStore } from '../store/deliveries';
import type { EventTypeStore } from '../store/event-types';
import type { EventStore } from '../store/events';
import type { MessageSigningKeyStore } from '../store/message-signing-keys';
import type { TenantStore } from '../store/tenants';
import type { WebhookStore } from '../store/webhooks';

/** All that the API stands on. */
export interface ApiDependencies {
  config: Config;
  log: Logger;
  tokens: Tokens;
  tenants: TenantStore;
  webhooks: WebhookStore;
  events: EventStore;
  eventTypes: EventTypeStore;
  consents: ConsentStore;
  deliveries: DeliveryStore;
  deliveryStats: DeliveryStatsStore;
  audit: AuditStore;
  messageSigningKeys: MessageSigningKeyStore;
  runs: DeliveryRuns;
  connectionTests: ConnectionTests;
  starter: DeliveryStarter;
  consentRuns: ConsentRuns;
  consentStarter: ConsentStarter;
  /** Never throws. */
  readiness(): Promise<{ postgresql: boolean; temporal: boolean }>;
  /** Where the API's metrics go. */
  registry: Registry;
}
