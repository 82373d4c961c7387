import { z } from 'zod';
import type { ApiDependencies } from '../dependencies';
import { publicRoute, type Route } from '../route';

const alive = z.strictObject({ status: z.literal('ok') });
const ready = z.strictObject({
  status: z.enum(['ready', 'unavailable']),
  postgresql: z.boolean(),
  temporal: z.boolean(),
});

export function healthRoutes({ readiness }: Pick<ApiDependencies, 'readiness'>): Route[] {
  return [
    publicRoute({
      method: 'get',
      path: '/livez',
      tag: 'Operations',
      operationId: 'live',
      summary: 'Whether the process answers',
      responses: { 200: { description: 'It does', schema: alive } },
      handle: () => ({ status: 200, body: { status: 'ok' } }),
    }),

    publicRoute({
      method: 'get',
      path: '/readyz',
      tag: 'Operations',
      operationId: 'ready',
      summary: 'Whether PostgreSQL and Temporal can be reached',
      description: 'With Temporal away events are still accepted: their deliveries start when it is back.',
      responses: {
        200: { description: 'Both can', schema: ready },
        503: { description: 'At least one can not', schema: ready },
      },
      async handle() {
        const parts = await readiness();
        const isReady = parts.postgresql && parts.temporal;
        return { status: isReady ? 200 : 503, body: { status: isReady ? 'ready' : 'unavailable', ...parts } };
      },
    }),
  ];
}
