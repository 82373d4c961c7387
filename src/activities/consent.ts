import { ApplicationFailure } from '@temporalio/common';
import { consentWorkflowId, type ConsentActivities } from '../domain/consent-run';
import type { DeliveryStarter } from '../platform/delivery-starter';
import type { Logger } from '../platform/logging';
import type { EngineMetrics } from '../platform/metrics';
import type { ConsentStore } from '../store/consents';
import { classifyStoreError } from '../store/database';

export function createConsentActivities(dependencies: {
  consents: ConsentStore;
  starter: DeliveryStarter;
  metrics: EngineMetrics;
  log: Logger;
}): ConsentActivities {
  const { consents, starter, metrics, log } = dependencies;
  return {
    async settleConsent({ tenantId, id }) {
      const outcome = await consents.settle(tenantId, id).catch((error: unknown) => {
        throw classifyStoreError(error);
      });
      if (!outcome) throw ApplicationFailure.nonRetryable('there is no such consent', 'no_such_consent');
      const { settled, type, now, steps, toStart } = outcome;
      for (const { on, to } of steps) {
        metrics.consentMoved(type, on, to.status, now.getTime() - to.since.getTime());
        log.info({ tenantId, workflowId: consentWorkflowId({ tenantId, id }), on, status: to.status }, 'consent moved');
      }
      // Committed already: what is not started here stands in the outbox.
      await starter.enqueue(toStart);
      return settled;
    },
  };
}
