import { retrySchedule } from '../../domain/retry-schedule';
import type { Delivery } from '../../store/deliveries';
import type { ApiDependencies } from '../dependencies';
import { conflict, notFound } from '../errors/api-error';
import { presentDelivery, presentListedDelivery } from '../presenters/delivery';
import { auditEntry, route, type Route } from '../route';
import * as schemas from '../schemas/delivery';
import { idParams } from '../schemas/id';

const tag = 'Deliveries';

export function deliveryRoutes(dependencies: ApiDependencies): Route[] {
  const { config, webhooks, deliveries, burstQueue, audit, runs, starter } = dependencies;

  async function find(tenantId: string, id = ''): Promise<Delivery> {
    const delivery = await deliveries.find(tenantId, id);
    if (!delivery) throw notFound();
    return delivery;
  }

  /** The id of the delivery that is now on its way. */
  async function retry(delivery: Delivery): Promise<string> {
    const { tenantId, deliveryId } = delivery;
    if (delivery.status === 'pending') {
      const place = await burstQueue.hurry(tenantId, deliveryId);
      if (place === 'hurried') await starter.enqueue([{ ...delivery, together: true }]);
      // No run: its workflow was not started yet.
      if (place === 'not_here' && (await runs.ask(delivery, 'retryNow')) === 'not_running') {
        await starter.enqueue([delivery]);
      }
      return deliveryId;
    }
    const webhook = await webhooks.find(tenantId, delivery.webhookId);
    if (!webhook) throw conflict('The webhook was deleted.');
    if (webhook.disabled) throw conflict('The webhook is disabled.');
    const again = await deliveries.redeliver(tenantId, deliveryId, (maxRetries) =>
      retrySchedule(config.RETRY_BASE, maxRetries),
    );
    if (!again) throw notFound();
    if (again.created) await starter.enqueue([again.delivery]);
    return again.delivery.deliveryId;
  }

  async function cancel(delivery: Delivery): Promise<void> {
    const { tenantId, deliveryId } = delivery;
    const finished = () => conflict('The delivery is finished.');
    if (delivery.status !== 'pending') throw finished();
    if ((await runs.ask(delivery, 'cancel')) === 'accepted') return;
    if (!(await deliveries.settleCancelled(tenantId, deliveryId))) throw finished();
  }

  return [
    route({
      method: 'get',
      path: '/api/v1/deliveries',
      tag,
      operationId: 'listDeliveries',
      summary: 'List deliveries, newest first',
      access: 'deliveries:read',
      costly: true,
      query: schemas.deliveryListQuery,
      responses: { 200: { description: 'A page, without attempts', schema: schemas.deliveryPage } },
      async handle({ caller, query }) {
        const page = await deliveries.list(caller.tenantId, query);
        return { status: 200, body: { ...page, data: page.data.map((one) => presentListedDelivery(one, config)) } };
      },
    }),

    route({
      method: 'get',
      path: '/api/v1/deliveries/{id}',
      tag,
      operationId: 'getDelivery',
      summary: 'Read a delivery with its attempts',
      access: 'deliveries:read',
      params: idParams,
      responses: { 200: { description: 'The delivery', schema: schemas.shownDelivery } },
      async handle({ caller, params }) {
        const delivery = await find(caller.tenantId, params.id);
        const attempts = await deliveries.attempts(caller.tenantId, delivery.deliveryId);
        const mayReadWebhook = caller.scopes.includes('webhooks:read');
        return { status: 200, body: presentDelivery(delivery, attempts, { settings: config, mayReadWebhook }) };
      },
    }),

    route({
      method: 'post',
      path: '/api/v1/deliveries/{id}/retry',
      tag,
      operationId: 'retryDelivery',
      summary: 'Try now, or deliver once more',
      description:
        'A pending delivery makes its next attempt now. A finished one is left as it is: a new delivery of the same ' +
        'event is made, its id answered. Not of an event whose payload is no longer kept (409).',
      access: 'deliveries:write',
      write: true,
      params: idParams,
      body: schemas.emptyBody,
      bodyOptional: true,
      responses: { 202: { description: 'The delivery on its way', schema: schemas.deliveryReference } },
      errors: [409],
      async handle(request) {
        const delivery = await find(request.caller.tenantId, request.params.id);
        const id = await retry(delivery);
        await audit.append({ ...auditEntry(request, 'delivery.retry'), objectId: delivery.deliveryId });
        return { status: 202, body: { id } };
      },
    }),

    route({
      method: 'post',
      path: '/api/v1/deliveries/{id}/cancel',
      tag,
      operationId: 'cancelDelivery',
      summary: 'Cancel a pending delivery',
      access: 'deliveries:write',
      write: true,
      params: idParams,
      body: schemas.emptyBody,
      bodyOptional: true,
      responses: { 202: { description: 'Cancelled', schema: schemas.deliveryReference } },
      errors: [409],
      async handle(request) {
        const delivery = await find(request.caller.tenantId, request.params.id);
        await cancel(delivery);
        await audit.append({ ...auditEntry(request, 'delivery.cancel'), objectId: delivery.deliveryId });
        return { status: 202, body: { id: delivery.deliveryId } };
      },
    }),
  ];
}
