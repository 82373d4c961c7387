import { consentIdOf } from '../../domain/consent/id';
import type { ConsentWithHistory } from '../../store/consent-history';
import type { ApiDependencies } from '../dependencies';
import { notFound } from '../errors/api-error';
import { route, type Route } from '../route';
import { consentParams } from '../schemas/consent';
import { consentHistory, type ShownConsentHistory } from '../schemas/consent-history';

export function consentHistoryRoutes({ consents }: Pick<ApiDependencies, 'consents'>): Route[] {
  return [
    route({
      method: 'get',
      path: '/api/v1/consents/{consentId}/history',
      tag: 'Consents',
      operationId: 'getConsentHistory',
      summary: 'How a consent came to be what it is, with both deadlines',
      access: 'consents:read',
      params: consentParams,
      responses: { 200: { description: 'Its steps', schema: consentHistory } },
      async handle({ caller, params }) {
        const history = await consents.history(caller.tenantId, params.consentId ?? '');
        if (!history) throw notFound();
        return { status: 200, body: present(history, new Date()) };
      },
    }),
  ];
}

const present = (history: ConsentWithHistory, now: Date): ShownConsentHistory => ({
  consentId: consentIdOf(history.consent.id),
  createdAt: history.consent.createdAt.toISOString(),
  decisionDeadline: history.decisionDeadline.toISOString(),
  consumptionDeadline: history.consumptionDeadline?.toISOString() ?? null,
  steps: history.steps.map(({ on, to, emits }) => ({
    on,
    status: to.status,
    at: to.since.toISOString(),
    event: emits,
  })),
  outstanding: history.outstanding.map(({ action, acceptedAt }) => ({ action, acceptedAt: acceptedAt.toISOString() })),
  serverTime: now.toISOString(),
});
