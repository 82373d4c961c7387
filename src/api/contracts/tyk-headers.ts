import type { Webhook } from '../../domain/webhook';
import type { ApiDependencies } from '../dependencies';
import { notFound } from '../errors/api-error';
import { auditEntry, route, type ApiRequest, type Route } from '../route';
import * as schemas from '../schemas/tyk';
import { findTykWebhook, replaceHeaders, tykHeaders } from './tyk-record';

const contract = 'tyk';
const common = { tag: 'Tyk', bareToken: true, errors: [422] } as const;
const path = '/portal-api/webhooks/{webhook_id}/headers';

type SentHeader = Omit<schemas.TykHeader, 'ID'> & { ID?: number };

/** The custom headers of a Tyk webhook, one by one. */
export function tykHeaderRoutes({ webhooks }: ApiDependencies): Route[] {
  const find = findTykWebhook(webhooks);

  /** The headers afterwards. `change` is given those of now, which nobody else changes meanwhile. */
  async function update(
    request: ApiRequest<unknown, unknown>,
    change: (headers: schemas.TykHeader[]) => SentHeader[],
  ): Promise<schemas.TykHeader[]> {
    const { tenantId } = request.caller;
    const { id } = await find(tenantId, request.params.webhook_id);
    const entry = auditEntry(request, 'webhook.update', ['Headers']);
    const withChange = (current: Webhook) => replaceHeaders(current, change(tykHeaders(current)), () => []);
    const webhook = await webhooks.update(tenantId, id, withChange, entry, contract);
    if (!webhook) throw notFound();
    return tykHeaders(webhook);
  }

  return [
    route({
      ...common,
      method: 'get',
      path,
      operationId: 'listTykHeaders',
      summary: 'List the custom headers of a webhook',
      access: 'webhooks:read',
      params: schemas.tykWebhookParams,
      query: schemas.tykListQuery,
      responses: { 200: { description: 'A page, by ID', schema: schemas.tykHeader.array() } },
      async handle({ caller, params, query: { page, per_page: perPage, limit = perPage } }) {
        const headers = tykHeaders(await find(caller.tenantId, params.webhook_id));
        const offset = (page - 1) * perPage;
        return {
          status: 200,
          headers: { 'X-Total-Count': String(headers.length) },
          body: headers.slice(offset, offset + limit),
        };
      },
    }),

    route({
      ...common,
      method: 'post',
      path,
      operationId: 'createTykHeader',
      summary: 'Add a custom header',
      access: 'webhooks:write',
      write: true,
      params: schemas.tykWebhookParams,
      body: schemas.tykNewHeaderBody,
      responses: { 201: { description: 'The header', schema: schemas.tykHeader } },
      async handle(request) {
        // A header that was added last has the highest ID.
        const added = (await update(request, (headers) => [...headers, request.body])).at(-1);
        return {
          status: 201,
          headers: { Location: `/portal-api/webhooks/${request.params.webhook_id}/headers/${added?.ID}` },
          body: added,
        };
      },
    }),

    route({
      ...common,
      method: 'get',
      path: `${path}/{header_id}`,
      operationId: 'getTykHeader',
      summary: 'Read a custom header',
      access: 'webhooks:read',
      params: schemas.tykHeaderParams,
      responses: { 200: { description: 'The header', schema: schemas.tykHeader } },
      async handle({ caller, params }) {
        const headers = tykHeaders(await find(caller.tenantId, params.webhook_id));
        return { status: 200, body: one(headers, params) };
      },
    }),

    route({
      ...common,
      method: 'put',
      path: `${path}/{header_id}`,
      operationId: 'replaceTykHeader',
      summary: 'Replace a custom header',
      access: 'webhooks:write',
      write: true,
      params: schemas.tykHeaderParams,
      body: schemas.tykHeaderBody,
      responses: { 200: { description: 'The header as it is now', schema: schemas.tykHeader } },
      async handle(request) {
        const { params, body } = request;
        const headers = await update(request, (current) => {
          const { ID } = one(current, params);
          return current.map((header) => (header.ID === ID ? { ...body, ID } : header));
        });
        return { status: 200, body: one(headers, params) };
      },
    }),

    route({
      ...common,
      method: 'delete',
      path: `${path}/{header_id}`,
      operationId: 'deleteTykHeader',
      summary: 'Remove a custom header',
      access: 'webhooks:write',
      write: true,
      params: schemas.tykHeaderParams,
      responses: { 200: { description: 'Removed', schema: schemas.tykStatus } },
      async handle(request) {
        await update(request, (headers) => {
          const { ID } = one(headers, request.params);
          return headers.filter((header) => header.ID !== ID);
        });
        return { status: 200, body: { status: 'ok' } };
      },
    }),
  ];
}

/** @throws ApiError 404 */
function one(headers: readonly schemas.TykHeader[], params: Record<string, string>): schemas.TykHeader {
  const header = headers.find(({ ID }) => String(ID) === params.header_id);
  if (!header) throw notFound();
  return header;
}
