import type { EventType } from '../event-type';
import type { JsonObject } from '../event';

/**
 * Tyk's guide writes Organization, its API and its samples Organisation: one event in two spellings. The guide's is
 * ours; the other one is taken everywhere and sent to webhooks that were registered for it.
 */
export const tykSpellings = ['Organization', 'Organisation'] as const;
export type TykSpelling = (typeof tykSpellings)[number];

/** The name of an event type in this spelling. */
export function spelled(name: string, spelling: TykSpelling): string {
  return name.replace(/^Organi[sz]ation/, spelling);
}

const integer = { type: 'integer' } as const;
const text = { type: 'string' } as const;
/** Up to nine fractional digits and any offset; the zero time of Go is one. */
const timestamp = { type: 'string', format: 'date-time' } as const;
const oneOf = (...values: string[]) => ({ type: 'string', enum: values });
const integers = { type: 'array', items: integer } as const;
const customAttributes = {
  type: 'array',
  items: {
    type: 'object',
    required: ['Identifier', 'Value'],
    properties: { Identifier: text, Value: text },
    additionalProperties: true,
  },
} as const;

/** An object that has all of these and may have more. */
const objectOf = (properties: Record<string, object>): JsonObject => ({
  type: 'object',
  required: Object.keys(properties),
  properties,
  additionalProperties: true,
});

const user = {
  ID: integer,
  Email: text,
  First: text,
  Last: text,
  OrgID: integer,
  Provider: text,
  Status: oneOf('active', 'inactive'),
  CreatedAt: timestamp,
  CustomAttributes: customAttributes,
};
const userSchema = objectOf(user);
const userByAdminSchema = objectOf({ ...user, ByUser: integer });
const decided = oneOf('pending', 'approved', 'rejected');
const accessRequestSchema = objectOf({
  ID: integer,
  AppID: integer,
  ByUser: integer,
  Status: decided,
  ProductIDs: integers,
  PlanID: integer,
  CreatedAt: timestamp,
});
const organizationRequestSchema = objectOf({
  Name: text,
  AdminEmail: text,
  AdminID: integer,
  ByUser: integer,
  TeamIDs: integers,
  Status: decided,
  CreatedAt: timestamp,
});

const exampleUser = {
  ID: 29,
  Email: 'developer@example.com',
  First: 'Ada',
  Last: 'Lovelace',
  OrgID: 1,
  Provider: 'password',
  Status: 'active',
  CreatedAt: '2026-01-15T09:30:00.068565+02:00',
  CustomAttributes: [{ Identifier: 'company-name', Value: 'ACME' }],
};
const exampleAccessRequest = {
  ID: 6,
  AppID: 3,
  ByUser: 3,
  Status: 'approved',
  ProductIDs: [1],
  PlanID: 2,
  CreatedAt: '2026-01-15T09:30:00.769109+02:00',
};
const exampleOrganizationRequest = {
  Name: 'ACME',
  AdminEmail: 'admin@example.com',
  AdminID: 17,
  ByUser: 17,
  TeamIDs: [],
  Status: 'pending',
  CreatedAt: '2026-01-15T09:30:00.766139+02:00',
};

const catalogue: Record<string, Pick<EventType, 'description' | 'schema' | 'example'>> = {
  RegisterInvite: {
    description: 'A user was invited to register in the portal.',
    // What it carries is not documented, so each object fits.
    schema: { type: 'object', additionalProperties: true },
    example: { Email: 'developer@example.com' },
  },
  UserRegistered: {
    description: 'A user was registered.',
    schema: userByAdminSchema,
    example: { ...exampleUser, ByUser: 1 },
  },
  UserAccountActivated: {
    description: 'The account of a user was activated.',
    schema: userByAdminSchema,
    example: { ...exampleUser, ByUser: 1 },
  },
  UserAccountDeactivated: {
    description: 'The account of a user was deactivated.',
    schema: userByAdminSchema,
    example: { ...exampleUser, Status: 'inactive', ByUser: 1 },
  },
  PasswordReset: {
    description: 'A user tries to reset the password.',
    schema: userSchema,
    example: exampleUser,
  },
  ApplicationRegistered: {
    description: 'An application of an API consumer was created.',
    schema: objectOf({ ID: integer, Name: text, UserID: integer, CreatedAt: timestamp }),
    example: { ID: 1, Name: 'New App', UserID: 1, CreatedAt: '2026-01-15T09:30:00.738726+02:00' },
  },
  CredentialRegistered: {
    description: 'An API credential was created; it is not in the message.',
    schema: objectOf({
      ID: integer,
      ByUser: integer,
      AccessRequestID: integer,
      AppID: integer,
      CreatedAt: timestamp,
    }),
    example: { ID: 1, ByUser: 3, AccessRequestID: 1, AppID: 3, CreatedAt: '2026-01-15T09:30:00.489611+02:00' },
  },
  AccessRequestCreated: {
    description: 'Access to an API was asked for. One that is approved at once has that status here already.',
    schema: accessRequestSchema,
    example: { ...exampleAccessRequest, Status: 'pending' },
  },
  AccessRequestApproved: {
    description: 'An access request was approved.',
    schema: accessRequestSchema,
    example: exampleAccessRequest,
  },
  AccessRequestRejected: {
    description: 'An access request was rejected.',
    schema: accessRequestSchema,
    example: { ...exampleAccessRequest, Status: 'rejected', ProductIDs: [] },
  },
  OrganizationRegistered: {
    description: 'An organization of API consumers was created.',
    schema: objectOf({ ID: integer, Name: text, CreatedAt: timestamp }),
    example: { ID: 8, Name: 'ACME', CreatedAt: '2026-01-15T09:30:00.8437+02:00' },
  },
  OrganizationRequestCreated: {
    description: 'The registration of an organization was asked for.',
    schema: organizationRequestSchema,
    example: exampleOrganizationRequest,
  },
  OrganizationRequestApproved: {
    description: 'The registration of an organization was approved; the message is its first user.',
    schema: userSchema,
    example: { ...exampleUser, OrgID: 2, Status: 'inactive', CreatedAt: '2026-01-15T09:30:00.312618088Z' },
  },
  OrganizationRequestRejected: {
    description: 'The registration of an organization was rejected.',
    schema: organizationRequestSchema,
    example: { ...exampleOrganizationRequest, Status: 'rejected' },
  },
};

/** The events of contracts section 5.2: a payload is the `Message`. */
export const tykEventTypes: readonly EventType[] = Object.entries(catalogue).map(([name, type]) => {
  const other = spelled(name, 'Organisation');
  return { name, contract: 'tyk', ...(other !== name && { aliases: [other] }), ...type };
});
