import type { Consent } from '../../domain/consent/consent';
import { consentActions, type ConsentAction } from '../../domain/consent/machine';
import { TemporalUnavailable } from '../../platform/temporal';
import type { Acceptance } from '../../store/consents';
import { classifyStoreError, StoreUnavailable } from '../../store/database';
import type { ApiDependencies } from '../dependencies';
import { conflict, invalid, notFound, unprocessable, type ApiError } from '../errors/api-error';
import { presentConsent } from '../presenters/consent';
import { auditEntry, route, type RefusedBody, type Reply, type Route } from '../route';
import * as schemas from '../schemas/consent';

const tag = 'Consents';

const actionTexts: Record<ConsentAction, { summary: string; description: string }> = {
  approve: {
    summary: 'Approve a consent',
    description: 'Within the time for a decision. The time for consuming it begins.',
  },
  reject: {
    summary: 'Reject a consent',
    description:
      'Within the time for a decision. The time for consuming it, that is for collecting the outcome, begins.',
  },
  consume: {
    summary: 'Consume a consent',
    description: 'After approval or rejection and within the time for it. Nothing expires any more; no event is sent.',
  },
  revoke: {
    summary: 'Revoke a consent',
    description: 'Undecided, approved or consumed. A second time is refused as for every other ended consent.',
  },
};

const commonText =
  ' What counts is when it is accepted: from then on it will be carried out, whatever is down. The same again is the ' +
  'same answer, and happens once. 409 names the status that does not allow it. 503: it was not accepted; ask again.';

export function consentRoutes(dependencies: ApiDependencies): Route[] {
  const { config, consents, consentRuns, consentStarter, starter } = dependencies;

  /** The consent once the action has been carried out; null when nobody could do so, or tell of it, in time. */
  async function carryOut({
    consent,
    ...accepted
  }: Extract<Acceptance, { kind: 'accepted' }>): Promise<Consent | null> {
    try {
      await consentRuns.act(consent, accepted);
      const now = await consents.find(consent.tenantId, consent.id);
      if (now?.status !== consent.status) return now;
      // Its run did it before PostgreSQL was restored from a backup, and does nothing a second time for being asked.
      await consentRuns.nudge(consent);
      return null;
    } catch (error) {
      if (error instanceof TemporalUnavailable || classifyStoreError(error) instanceof StoreUnavailable) return null;
      throw error;
    }
  }

  async function answerTo(acceptance: Acceptance | null, action: ConsentAction): Promise<Reply> {
    if (!acceptance) throw notFound();
    const { consent } = acceptance;
    switch (acceptance.kind) {
      case 'refused':
        throw conflict(`The consent is ${acceptance.status}: ${action} is not possible.`);
      case 'repeated':
        return { status: 200, body: presentConsent(consent, config) };
      case 'accepted': {
        const now = await carryOut(acceptance);
        if (now) return { status: 200, body: presentConsent(now, config) };
        const acceptedAt = acceptance.acceptedAt.toISOString();
        return { status: 202, body: { ...presentConsent(consent, config), acceptedAt } };
      }
    }
  }

  return [
    route({
      method: 'post',
      path: '/api/v1/consents',
      tag,
      operationId: 'createConsent',
      summary: 'Create a consent that awaits its decision',
      description:
        'Receivers are told of the request by `before:consent:create`, which carries the id that the consent will have, ' +
        'and of the consent by `after:consent:create`. 422 is for values that break the rules: then only ' +
        '`before:consent:create` is sent, and its id is never used. 400 is for everything else that is wrong, such as ' +
        'an unknown key or no valid `type`: then nothing is sent.',
      access: 'consents:write',
      write: true,
      body: schemas.newConsent,
      responses: { 201: { description: 'Created', schema: schemas.shownConsent } },
      errors: [422],
      async refuseBody({ tenantId }, refused) {
        const { data: type } = schemas.consentType.safeParse('type' in refused.body ? refused.body.type : undefined);
        const refusal = refusalOf(refused, 'The consent can not be created.');
        if (!type || refusal.status !== 422) return invalid(refusal.extra.issues ?? []);
        const { toStart } = await consents.tellOfRequest(tenantId, type);
        await starter.enqueue(toStart);
        return refusal;
      },
      async handle(request) {
        const { body, caller } = request;
        const { consent, toStart } = await consents.create(
          { tenantId: caller.tenantId, ...body, expirationDateTime: body.expirationDateTime ?? null },
          auditEntry(request, 'consent.create', Object.keys(body)),
        );
        await starter.enqueue(toStart);
        consentStarter.start(consent);
        const shown = presentConsent(consent, config);
        return { status: 201, headers: { Location: `/api/v1/consents/${shown.consentId}` }, body: shown };
      },
    }),

    route({
      method: 'get',
      path: '/api/v1/consents',
      tag,
      operationId: 'listConsents',
      summary: 'List consents, newest first',
      access: 'consents:read',
      costly: true,
      query: schemas.consentListQuery,
      responses: { 200: { description: 'A page', schema: schemas.consentPage } },
      async handle({ caller, query }) {
        const page = await consents.list(caller.tenantId, query);
        return { status: 200, body: { ...page, data: page.data.map((one) => presentConsent(one, config)) } };
      },
    }),

    route({
      method: 'get',
      path: '/api/v1/consents/{consentId}',
      tag,
      operationId: 'getConsent',
      summary: 'Read a consent',
      description: 'As far as it has been carried out: an action that was accepted while no worker ran shows later.',
      access: 'consents:read',
      params: schemas.consentParams,
      responses: { 200: { description: 'The consent', schema: schemas.shownConsent } },
      async handle({ caller, params }) {
        const consent = await consents.find(caller.tenantId, params.consentId ?? '');
        if (!consent) throw notFound();
        return { status: 200, body: presentConsent(consent, config) };
      },
    }),

    ...consentActions.map((action) =>
      route({
        method: 'post',
        path: `/api/v1/consents/{consentId}/${action}`,
        tag,
        operationId: `${action}Consent`,
        summary: actionTexts[action].summary,
        description: actionTexts[action].description + commonText,
        access: 'consents:write',
        write: true,
        params: schemas.consentParams,
        body: schemas.consentActionBody,
        bodyOptional: true,
        responses: {
          200: { description: 'Carried out', schema: schemas.shownConsent },
          202: {
            description: 'Accepted, and not carried out within 5 s; the consent as last known',
            schema: schemas.consentWithAcceptance,
          },
        },
        errors: [409, 422],
        refuseBody: (_caller, refused) => Promise.resolve(refusalOf(refused, 'The action can not be taken.')),
        async handle(request) {
          const { body, caller, params } = request;
          const acceptance = await consents.accept(
            caller.tenantId,
            params.consentId ?? '',
            { action, reason: body.reason ?? null },
            auditEntry(request, `consent.${action}`, Object.keys(body)),
          );
          return answerTo(acceptance, action);
        },
      }),
    ),
  ];
}

/** 400 for a body of another shape, else 422. Without what was sent: it may be somebody's document number. */
function refusalOf({ error, refusal }: RefusedBody, detail: string): ApiError {
  const issues = (refusal.extra.issues ?? []).map(({ path, message }) => ({ path, message }));
  const hasUnknownKey = error.issues.some(({ code }) => code === 'unrecognized_keys');
  return hasUnknownKey ? invalid(issues) : unprocessable(issues, detail);
}
