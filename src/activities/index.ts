import { Context } from '@temporalio/activity';
import type { DeliveryActivities } from '../domain/delivery-run';
import type { SweepActivities } from '../domain/sweep-run';
import type { DeliveryRuns } from '../platform/delivery-runs';
import type { Egress } from '../platform/egress/egress';
import type { Logger } from '../platform/logging';
import type { EngineMetrics } from '../platform/metrics';
import type { DeliveryStore } from '../store/deliveries';
import type { MessageSigningKeyStore } from '../store/message-signing-keys';
import type { WebhookStore } from '../store/webhooks';
import { createDeliveryActivities } from './delivery';
import { createMessageSigner } from './message-signer';
import { createOutboundAuth } from './outbound-auth';
import { createSweepActivities } from './sweep';

/** Every activity a worker has, with what it needs from outside. */
export function createActivities(dependencies: {
  deliveries: DeliveryStore;
  webhooks: WebhookStore;
  messageSigningKeys: MessageSigningKeyStore;
  egress: Egress;
  runs: DeliveryRuns;
  metrics: EngineMetrics;
  log: Logger;
  shutdown: AbortSignal;
}): DeliveryActivities & SweepActivities {
  return {
    ...createDeliveryActivities({
      ...dependencies,
      signer: createMessageSigner(dependencies.messageSigningKeys),
      outboundAuth: createOutboundAuth(dependencies),
      heartbeat: () => Context.current().heartbeat(),
    }),
    ...createSweepActivities(dependencies),
  };
}
