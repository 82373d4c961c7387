import type { Consent } from '../../domain/consent/consent';
import { consentIdOf } from '../../domain/consent/id';
import { consentWorkflowId } from '../../domain/consent-run';
import type { ShownConsent } from '../schemas/consent';
import { runPage, type WebUi } from './web-ui';

/** A consent as its tenant sees it: nothing of the person. */
export function presentConsent(consent: Consent, webUi: WebUi): ShownConsent {
  const workflowId = consentWorkflowId(consent);
  return {
    consentId: consentIdOf(consent.id),
    type: consent.type,
    status: consent.status,
    permissions: consent.permissions,
    createdAt: consent.createdAt.toISOString(),
    statusUpdatedAt: consent.statusUpdatedAt.toISOString(),
    expiresAt: consent.expiresAt?.toISOString() ?? null,
    workflowId,
    temporalUrl: runPage(workflowId, webUi),
  };
}
