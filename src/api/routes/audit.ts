import type { ApiDependencies } from '../dependencies';
import { presentAuditEntry } from '../presenters/audit';
import { route, type Route } from '../route';
import { auditListQuery, auditPage } from '../schemas/audit';

export function auditRoutes({ audit }: ApiDependencies): Route[] {
  return [
    route({
      method: 'get',
      path: '/api/v1/audit',
      tag: 'Audit',
      operationId: 'listAudit',
      summary: 'Who did what, newest first',
      access: 'audit:read',
      query: auditListQuery,
      responses: { 200: { description: 'A page of the audit log', schema: auditPage } },
      async handle({ caller, query }) {
        const page = await audit.list(caller.tenantId, query);
        return { status: 200, body: { ...page, data: page.data.map(presentAuditEntry) } };
      },
    }),
  ];
}
