import type { ApiDependencies } from '../dependencies';
import { notFound } from '../errors/api-error';
import { presentCredential } from '../presenters/credential';
import { route, type Route } from '../route';
import * as schemas from '../schemas/credential';
import { idParams } from '../schemas/id';

const tag = 'Credentials';

/** Reads for operators of a tenant; what a portal does is in the Sensedia contract. */
export function credentialRoutes({ credentials, config }: Pick<ApiDependencies, 'credentials' | 'config'>): Route[] {
  return [
    route({
      method: 'get',
      path: '/api/v1/credentials',
      tag,
      operationId: 'listCredentials',
      summary: 'List credentials, newest first',
      access: 'credentials:read',
      query: schemas.credentialListQuery,
      responses: { 200: { description: 'A page', schema: schemas.credentialPage } },
      async handle({ caller, query }) {
        const page = await credentials.list(caller.tenantId, query);
        const steps = await credentials.stepsOf(
          caller.tenantId,
          page.data.map(({ id }) => id),
        );
        const data = page.data.map((one) => presentCredential(one, steps.get(one.id) ?? [], config));
        return { status: 200, body: { ...page, data } };
      },
    }),

    route({
      method: 'get',
      path: '/api/v1/credentials/{id}',
      tag,
      operationId: 'getCredential',
      summary: 'Read a credential with the steps of its sagas',
      access: 'credentials:read',
      params: idParams,
      responses: { 200: { description: 'The credential', schema: schemas.shownCredential } },
      async handle({ caller, params }) {
        const { id = '' } = params;
        const credential = await credentials.find(caller.tenantId, id);
        if (!credential) throw notFound();
        const steps = await credentials.steps(caller.tenantId, id);
        return { status: 200, body: presentCredential(credential, steps, config) };
      },
    }),
  ];
}
