import { Context } from '@temporalio/activity';
import type { ConnectionTestActivities } from '../domain/connection-test-run';
import type { ConsentActivities } from '../domain/consent-run';
import type { DeliveryActivities } from '../domain/delivery-run';
import type { SweepActivities } from '../domain/sweep-run';
import type { ConsentRuns } from '../platform/consent-runs';
import type { DeliveryRuns } from '../platform/delivery-runs';
import type { DeliveryStarter } from '../platform/delivery-starter';
import type { Egress } from '../platform/egress/egress';
import type { Logger } from '../platform/logging';
import type { EngineMetrics } from '../platform/metrics';
import type { ConsentStore } from '../store/consents';
import type { DeliveryStore } from '../store/deliveries';
import type { MessageSigningKeyStore } from '../store/message-signing-keys';
import type { WebhookStore } from '../store/webhooks';
import { createConnectionTestActivities } from './connection-test';
import { createConsentActivities } from './consent';
import { createConsentSweepActivities } from './consent-sweep';
import { createDeliveryActivities } from './delivery';
import { createMessageSigner } from './message-signer';
import { createOutboundAuth } from './outbound-auth';
import { createSweepActivities } from './sweep';

/** Every activity a worker has, with what it needs from outside. */
export function createActivities(dependencies: {
  consents: ConsentStore;
  deliveries: DeliveryStore;
  webhooks: WebhookStore;
  messageSigningKeys: MessageSigningKeyStore;
  egress: Egress;
  runs: DeliveryRuns;
  consentRuns: ConsentRuns;
  starter: DeliveryStarter;
  metrics: EngineMetrics;
  log: Logger;
  shutdown: AbortSignal;
}): DeliveryActivities & ConsentActivities & ConnectionTestActivities & SweepActivities {
  return {
    ...createDeliveryActivities({
      ...dependencies,
      signer: createMessageSigner(dependencies.messageSigningKeys),
      outboundAuth: createOutboundAuth(dependencies),
      heartbeat: () => Context.current().heartbeat(),
    }),
    ...createConsentActivities(dependencies),
    ...createConnectionTestActivities(dependencies),
    ...createSweepActivities(dependencies),
    ...createConsentSweepActivities(dependencies),
  };
}
