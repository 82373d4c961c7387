import type { CredentialReference, RequestedApi } from '../../domain/credential/credential';
import { scopesOf } from '../../domain/credential/scopes';
import type { Portal } from '../../store/portals';
import type { ChangeAcceptance } from '../../store/credentials';
import type { ApiDependencies } from '../dependencies';
import { conflict, invalid, malformed } from '../errors/api-error';
import { portalRoute, type PortalRequest, type Route } from '../route';
import * as schemas from '../schemas/sensedia';
import type { ApiContract } from './contract';
import { CredentialError, failed, sensediaErrorFormat } from './sensedia-errors';
import { createHandOver, portalEntry } from './sensedia-hand-over';
import { createPortalHealth } from './sensedia-health';
import { createPerform } from './sensedia-perform';

const tag = 'Sensedia';
const paths = {
  create: '/v1/createCredentials',
  update: '/v1/updateCredentials',
  revoke: '/v1/revokeCredentials',
  health: '/v1/health',
};
const referenceText =
  ' The credential is named by `apiKeyId` or `clientId`, else by `appSlug`, else by `appName` and `developer`. ' +
  'Keys that are not known, such as `customCredentials`, are ignored.';

/** The credentials webhook of the Sensedia developer portal (contracts section 1). */
export const sensediaContract: ApiContract = {
  errors: Object.values(paths).map((prefix) => ({ prefix, format: sensediaErrorFormat })),
  routes: sensediaRoutes,
};

function sensediaRoutes(dependencies: ApiDependencies): Route[] {
  const { credentials } = dependencies;
  const perform = createPerform(dependencies);
  const handOver = createHandOver(dependencies, perform);
  const health = createPortalHealth(dependencies);

  /** 204 once an update or a revocation is carried out. */
  async function answerTo(acceptance: ChangeAcceptance, { hungUp }: PortalRequest<unknown>) {
    switch (acceptance.kind) {
      case 'not_found':
        throw unknown();
      case 'type_mismatch':
        throw conflict(`The credential is of the type ${acceptance.credential.credentialType}.`);
      case 'conflict':
        throw failed('in_progress', `The credential is ${acceptance.credential.status}: it can't be changed now.`);
      case 'done':
        return { status: 204 };
      case 'accepted': {
        await perform(acceptance.operation, hungUp);
        return { status: 204 };
      }
    }
  }

  return [
    portalRoute({
      method: 'post',
      path: paths.create,
      tag,
      operationId: 'createCredentials',
      summary: 'Make the credentials of an app',
      description:
        'An API key with its usage plans, or an app client for the client-credentials grant; answers when AWS has it. ' +
        'The same request again gets the same credentials; another one of an app that has credentials 409. After 503 ' +
        'nothing is left in AWS: ask again.',
      write: true,
      body: schemas.createCredentials,
      responses: {
        200: { description: 'The credentials, shown to nobody else', schema: schemas.createdCredentials },
      },
      errors: [409, 422, 502],
      async handle(request) {
        const { body, portal } = request;
        const credentialType = body.credentialType ?? portal.credentialType;
        const apis = requestedApis(body.apis);
        if (credentialType === 'API_KEY') checkPlans(apis);
        if (credentialType === 'CLIENT_CREDENTIALS' && portal.userPoolId === null) {
          throw new CredentialError('unprocessable', 'no_user_pool', 'No user pool is configured for this portal.');
        }
        const acceptance = await credentials.acceptCreate(
          portal.tenantId,
          {
            appName: body.appName,
            appSlug: body.appSlug ?? null,
            developer: body.developer,
            credentialType,
            apis,
            scopes: credentialType === 'API_KEY' ? [] : wantedScopes(apis, portal),
            region: portal.region,
            userPoolId: credentialType === 'API_KEY' ? null : portal.userPoolId,
          },
          portalEntry(request, 'credential.create', Object.keys(body)),
        );
        switch (acceptance.kind) {
          case 'conflict':
            throw conflict('The app has credentials, or is getting them, from a different request.');
          case 'repeated':
            return handOver.again(acceptance.credential, request);
          case 'accepted':
            return handOver.first(acceptance.operation, request);
        }
      },
    }),

    portalRoute({
      method: 'post',
      path: paths.update,
      tag,
      operationId: 'updateCredentials',
      summary: 'Change the usage plans or the name of credentials',
      description: `What is left out stays. The value of the key never changes.${referenceText}`,
      write: true,
      body: schemas.updateCredentials,
      responses: { 204: { description: 'AWS has it so' } },
      errors: [404, 409, 422, 502],
      async handle(request) {
        const { body, portal } = request;
        const reference = referenceOf(body);
        const apis = body.apis && requestedApis(body.apis);
        const known = await credentials.findBy(portal.tenantId, reference);
        if (!known) throw unknown();
        const isClient = known.credentialType === 'CLIENT_CREDENTIALS';
        if (apis && !isClient) checkPlans(apis);
        const acceptance = await credentials.acceptUpdate(
          portal.tenantId,
          reference,
          {
            change: {
              ...(body.appName !== undefined && { appName: body.appName }),
              ...(body.developer !== undefined && { developer: body.developer }),
              ...(apis && { apis }),
            },
            ...(apis && isClient && { scopes: wantedScopes(apis, portal) }),
            ...(body.credentialType && { credentialType: body.credentialType }),
          },
          portalEntry(request, 'credential.update', Object.keys(body)),
        );
        return answerTo(acceptance, request);
      },
    }),

    portalRoute({
      method: 'post',
      path: paths.revoke,
      tag,
      operationId: 'revokeCredentials',
      summary: 'Revoke credentials',
      description:
        'An API key is disabled when this answers, and deleted soon after; an app client is deleted. A second time is ' +
        `the same answer. After 503 it goes on all the same.${referenceText}`,
      write: true,
      body: schemas.revokeCredentials,
      responses: { 204: { description: 'They are of no use any more' } },
      errors: [404, 409, 502],
      async handle(request) {
        const { body, portal } = request;
        const acceptance = await credentials.acceptRevoke(
          portal.tenantId,
          referenceOf(body),
          body.credentialType ? { credentialType: body.credentialType } : {},
          portalEntry(request, 'credential.revoke', Object.keys(body)),
        );
        return answerTo(acceptance, request);
      },
    }),

    portalRoute({
      method: 'get',
      path: paths.health,
      tag,
      operationId: 'sensediaHealth',
      summary: 'Whether credentials can be made now',
      description:
        'PostgreSQL, Temporal, a worker, the encryption keys and AWS, within 2 s; AWS is asked every 30 s at most. 503 ' +
        'names what is away.',
      responses: { 204: { description: 'They can' } },
      async handle({ portal }) {
        const away = await health(portal);
        if (away.length === 0) return { status: 204 };
        throw new CredentialError('unavailable', 'unhealthy', `Not available: ${away.join(', ')}.`);
      },
    }),
  ];
}

/** The same for credentials that never were, and for another tenant's. */
const unknown = () => failed('not_found', 'There are no such credentials.');

const requestedApis = (apis: schemas.CreateCredentials['apis']): RequestedApi[] =>
  apis.map(({ id, usagePlans }) => ({ id, usagePlans: usagePlans.map((plan) => plan.id) }));

/** A key without plans is of no use (decision S0-8). @throws ApiError 400 */
function checkPlans(apis: readonly RequestedApi[]): void {
  if (apis.length === 0) throw invalid([{ path: ['apis'], message: 'must name at least one API' }]);
  const issues = apis.flatMap(({ usagePlans }, index) =>
    usagePlans.length > 0
      ? []
      : [{ path: ['apis', index, 'usagePlans'], message: 'must name at least one usage plan' }],
  );
  if (issues.length > 0) throw invalid(issues);
}

/** @throws ApiError 400, 422 */
function wantedScopes(apis: readonly RequestedApi[], portal: Portal): string[] {
  const wanted = scopesOf(apis, portal.scopes);
  if (wanted.kind === 'unmapped') {
    const some = wanted.apiIds.slice(0, 10).join(', ');
    throw new CredentialError('unprocessable', 'unmapped_api', `No scope is configured for these APIs: ${some}.`);
  }
  if (wanted.scopes.length === 0) throw invalid([{ path: ['apis'], message: 'must name at least one API' }]);
  return wanted.scopes;
}

/** @throws ApiError 400 when it says nothing, or two things */
function referenceOf({ apiKeyId, clientId, appSlug, appName, developer }: schemas.Reference): CredentialReference {
  if (apiKeyId !== undefined && clientId !== undefined)
    throw malformed('Only one of apiKeyId and clientId can be meant.');
  if (apiKeyId !== undefined) return { apiKeyId };
  if (clientId !== undefined) return { clientId };
  if (appSlug !== undefined) return { appSlug };
  if (appName !== undefined && developer !== undefined) return { appName, developer };
  throw malformed('The body names no credential: apiKeyId, clientId, appSlug, or appName and developer.');
}
