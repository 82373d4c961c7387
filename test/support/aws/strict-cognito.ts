import { randomBytes, randomUUID } from 'node:crypto';
import type { AwsCall } from './call';
import { pageOf, refuse, type Answer } from './strict-answer';

/** Members of an app client as Cognito names them. */
export interface StrictClient {
  ClientId: string;
  ClientName: string;
  ClientSecret?: string;
  UserPoolId: string;
  CreationDate: number;
  LastModifiedDate: number;
  AllowedOAuthScopes?: string[];
  [setting: string]: unknown;
}

export interface StrictPool {
  id: string;
  domain?: string;
  /** Names of scopes by the identifier of their resource server. */
  resourceServers: Map<string, string[]>;
  clients: Map<string, StrictClient>;
}

export interface StrictCognito {
  pools: Map<string, StrictPool>;
  answer(call: AwsCall): Answer | undefined;
}

/** What a setting is that a request leaves out, also of an update. */
const defaults = {
  RefreshTokenValidity: 30,
  AllowedOAuthFlowsUserPoolClient: false,
  EnableTokenRevocation: true,
  AuthSessionValidity: 3,
};
const settings = [
  'ClientName',
  'RefreshTokenValidity',
  'AccessTokenValidity',
  'IdTokenValidity',
  'TokenValidityUnits',
  'ReadAttributes',
  'WriteAttributes',
  'ExplicitAuthFlows',
  'SupportedIdentityProviders',
  'CallbackURLs',
  'LogoutURLs',
  'DefaultRedirectURI',
  'AllowedOAuthFlows',
  'AllowedOAuthScopes',
  'AllowedOAuthFlowsUserPoolClient',
  'PreventUserExistenceErrors',
  'EnableTokenRevocation',
  'AuthSessionValidity',
];

/** User pools of one region. */
export function strictCognito({ visibleAfterMs }: { visibleAfterMs: number }): StrictCognito {
  const pools = new Map<string, StrictPool>();
  const missing = (what: string) => refuse(400, 'ResourceNotFoundException', `${what} does not exist.`);
  const poolOf = (sent: Record<string, unknown>) =>
    pools.get(String(sent.UserPoolId)) ?? missing(`User pool ${String(sent.UserPoolId)}`);
  const clientOf = (pool: StrictPool, sent: Record<string, unknown>) =>
    pool.clients.get(String(sent.ClientId)) ?? missing(`User pool client ${String(sent.ClientId)}`);

  function settingsOf(pool: StrictPool, sent: Record<string, unknown>, alsoKnown: string[], hasSecret: boolean) {
    const other = Object.keys(sent).find((name) => ![...settings, 'UserPoolId', ...alsoKnown].includes(name));
    if (other) refuse(400, 'SerializationException', `Unknown member ${other}`);
    const name = String(sent.ClientName ?? '');
    if (!/^[\w\s+=,.@-]{1,128}$/.test(name)) refuse(400, 'InvalidParameterException', 'Invalid ClientName');
    const flows = (sent.AllowedOAuthFlows ?? []) as string[];
    const scopes = (sent.AllowedOAuthScopes ?? []) as string[];
    if (flows.includes('client_credentials')) {
      if (flows.length > 1 || !hasSecret) refuse(400, 'InvalidOAuthFlowException', 'client_credentials flow refused');
      if (scopes.includes('openid')) refuse(400, 'InvalidOAuthFlowException', 'openid is not supported');
    }
    const known = [...pool.resourceServers].flatMap(([server, names]) => names.map((one) => `${server}/${one}`));
    const unknown = scopes.filter((scope) => !known.includes(scope));
    if (unknown.length > 0) refuse(400, 'ScopeDoesNotExistException', `Invalid scope requested: ${unknown.join()}`);
    const kept = Object.fromEntries(Object.entries(sent).filter(([key]) => settings.includes(key)));
    return { ...defaults, ...kept, ClientName: name };
  }

  function create(pool: StrictPool, sent: Record<string, unknown>): Answer {
    const now = Date.now() / 1000;
    const client: StrictClient = {
      ...settingsOf(pool, sent, ['GenerateSecret'], sent.GenerateSecret === true),
      ClientId: randomUUID().replaceAll('-', '').slice(0, 26),
      UserPoolId: pool.id,
      CreationDate: now,
      LastModifiedDate: now,
      ...(sent.GenerateSecret === true && { ClientSecret: randomBytes(25).toString('hex') }),
    };
    pool.clients.set(client.ClientId, client);
    return { status: 200, body: { UserPoolClient: client } };
  }

  function update(pool: StrictPool, sent: Record<string, unknown>): Answer {
    const { ClientId, UserPoolId, ClientSecret, CreationDate } = clientOf(pool, sent);
    const changed: StrictClient = {
      ...settingsOf(pool, sent, ['ClientId'], ClientSecret !== undefined),
      ClientId,
      UserPoolId,
      CreationDate,
      LastModifiedDate: Date.now() / 1000,
      ...(ClientSecret !== undefined && { ClientSecret }),
    };
    pool.clients.set(ClientId, changed);
    return { status: 200, body: { UserPoolClient: changed } };
  }

  return {
    pools,
    answer({ operation, body }) {
      const sent = JSON.parse(body || '{}') as Record<string, unknown>;
      switch (operation) {
        case 'DescribeUserPool': {
          const { id, domain } = poolOf(sent);
          return {
            status: 200,
            body: { UserPool: { Id: id, Name: id, ...(domain !== undefined && { Domain: domain }) } },
          };
        }
        case 'DescribeResourceServer': {
          const scopes = poolOf(sent).resourceServers.get(String(sent.Identifier)) ?? missing('Resource server');
          const Scopes = scopes.map((ScopeName) => ({ ScopeName, ScopeDescription: ScopeName }));
          return { status: 200, body: { ResourceServer: { Identifier: sent.Identifier, Scopes } } };
        }
        case 'CreateUserPoolClient':
          return create(poolOf(sent), sent);
        case 'DescribeUserPoolClient':
          return { status: 200, body: { UserPoolClient: clientOf(poolOf(sent), sent) } };
        case 'UpdateUserPoolClient':
          return update(poolOf(sent), sent);
        case 'ListUserPoolClients': {
          const visible = [...poolOf(sent).clients.values()].filter(
            ({ CreationDate }) => Date.now() - CreationDate * 1000 >= visibleAfterMs,
          );
          const { page, next } = pageOf(visible, sent.NextToken === undefined ? null : String(sent.NextToken));
          const UserPoolClients = page.map(({ ClientId, ClientName, UserPoolId }) => ({
            ClientId,
            ClientName,
            UserPoolId,
          }));
          return { status: 200, body: { UserPoolClients, ...(next !== undefined && { NextToken: next }) } };
        }
        case 'DeleteUserPoolClient': {
          const pool = poolOf(sent);
          pool.clients.delete(clientOf(pool, sent).ClientId);
          return { status: 200, body: {} };
        }
        default:
          return undefined;
      }
    },
  };
}
