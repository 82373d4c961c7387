import { z } from 'zod';
import { scopes } from '../../store/tenants';
import { shownUuid } from './id';
import { listParameters, pageOf } from './list';
import { timestamp } from './time';

const secret = z.string().min(1).max(200).meta({ writeOnly: true, format: 'password' });

export const signIn = z
  .union([
    z.strictObject({ clientId: z.string().min(1).max(200), clientSecret: secret }),
    z.strictObject({ link: secret.meta({ description: 'What `everhook console link` printed behind `#link=`.' }) }),
  ])
  .meta({ id: 'ConsoleSignIn', description: "A client's id and secret, or the code of a link." });

const shownTenant = z.strictObject({ id: shownUuid, name: z.string() });

export const shownSession = z
  .strictObject({
    tenant: shownTenant.nullable().meta({ description: "Null: an operator's, who names a tenant in each request." }),
    operator: z.boolean(),
    scopes: z.array(z.enum(scopes)),
    clientId: shownUuid.nullable().meta({ description: 'Null: signed in by a link.' }),
    expiresAt: timestamp.meta({ description: 'However much it is used.' }),
    idleSeconds: z.int().meta({ description: 'Unused for so long, it is over too.' }),
    temporalUiUrl: z.string().nullable().meta({ description: 'Of the Temporal Web UI; null where none is set up.' }),
    temporalNamespace: z.string(),
  })
  .meta({ id: 'ConsoleSession' });
export type ShownSession = z.infer<typeof shownSession>;

export const tenantPage = pageOf(shownTenant.extend({ createdAt: timestamp }));

export const tenantListQuery = z.strictObject({
  ...listParameters,
  name: z.string().min(1).max(200).optional().meta({ description: 'Part of the name, in whatever case.' }),
});
