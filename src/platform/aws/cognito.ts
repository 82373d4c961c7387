import {
  CreateUserPoolClientCommand,
  DeleteUserPoolClientCommand,
  DescribeResourceServerCommand,
  DescribeUserPoolClientCommand,
  DescribeUserPoolCommand,
  ListUserPoolClientsCommand,
  UpdateUserPoolClientCommand,
  type CognitoIdentityProviderClient,
  type UpdateUserPoolClientCommandInput,
  type UserPoolClientType,
} from '@aws-sdk/client-cognito-identity-provider';
import { Secret } from '../../domain/secret';
import { orNull } from './api-gateway';
import { AwsFailure, callAws } from './errors';

/** An app client as listed. */
export interface ListedAppClient {
  clientId: string;
  name: string;
}

/** What of an app client is ours to decide. */
export interface AppClientSettings {
  name: string;
  scopes: string[];
}

/** Cognito's user pools, one method a call. All throw {@link AwsFailure}. */
export type Cognito = ReturnType<typeof createCognito>;

const pageSize = 60;
/** Tokens outlive their client until they expire: short, so that a revocation has its effect soon. */
const accessTokenMinutes = 15;

export function createCognito(client: CognitoIdentityProviderClient) {
  const call = <T>(operation: string, signal: AbortSignal | undefined, send: () => Promise<T>) =>
    callAws('cognito', operation, signal, send);
  const options = (abortSignal: AbortSignal | undefined) => ({ abortSignal });

  const describe = async (pool: string, clientId: string, signal?: AbortSignal): Promise<UserPoolClientType | null> => {
    const command = new DescribeUserPoolClientCommand({ UserPoolId: pool, ClientId: clientId });
    const found = await orNull(call('DescribeUserPoolClient', signal, () => client.send(command, options(signal))));
    return found?.UserPoolClient ?? null;
  };

  return {
    /** Null: there is no such pool. */
    async userPool(pool: string, signal?: AbortSignal): Promise<{ hasDomain: boolean } | null> {
      const command = new DescribeUserPoolCommand({ UserPoolId: pool });
      const found = await orNull(call('DescribeUserPool', signal, () => client.send(command, options(signal))));
      const described = found?.UserPool;
      return described ? { hasDomain: Boolean(described.Domain ?? described.CustomDomain) } : null;
    },

    /** Names of the scopes of a resource server; none: there is no such server. */
    async scopesOf(pool: string, resourceServer: string, signal?: AbortSignal): Promise<string[]> {
      const command = new DescribeResourceServerCommand({ UserPoolId: pool, Identifier: resourceServer });
      const found = await orNull(call('DescribeResourceServer', signal, () => client.send(command, options(signal))));
      return (found?.ResourceServer?.Scopes ?? []).flatMap(({ ScopeName }) => ScopeName ?? []);
    },

    async createClient(pool: string, { name, scopes }: AppClientSettings, signal?: AbortSignal): Promise<string> {
      const command = new CreateUserPoolClientCommand({
        UserPoolId: pool,
        ClientName: name,
        GenerateSecret: true,
        // Without it the client is made, and every token is refused.
        AllowedOAuthFlowsUserPoolClient: true,
        AllowedOAuthFlows: ['client_credentials'],
        AllowedOAuthScopes: scopes,
        SupportedIdentityProviders: ['COGNITO'],
        // Left out, it would allow users to sign in.
        ExplicitAuthFlows: ['ALLOW_REFRESH_TOKEN_AUTH'],
        EnableTokenRevocation: true,
        PreventUserExistenceErrors: 'ENABLED',
        AccessTokenValidity: accessTokenMinutes,
        TokenValidityUnits: { AccessToken: 'minutes' },
      });
      const made = await call('CreateUserPoolClient', signal, () => client.send(command, options(signal)));
      const clientId = made.UserPoolClient?.ClientId;
      if (!clientId) throw new AwsFailure('CreateUserPoolClient', 'unavailable', 'IncompleteAnswer', null, null, null);
      return clientId;
    },

    /** All app clients of a pool: there is no way to ask for fewer. */
    async clients(pool: string, signal?: AbortSignal): Promise<ListedAppClient[]> {
      const found: ListedAppClient[] = [];
      let next: string | undefined;
      do {
        const command = new ListUserPoolClientsCommand({ UserPoolId: pool, MaxResults: pageSize, NextToken: next });
        const page = await call('ListUserPoolClients', signal, () => client.send(command, options(signal)));
        for (const { ClientId, ClientName } of page.UserPoolClients ?? []) {
          if (ClientId) found.push({ clientId: ClientId, name: ClientName ?? '' });
        }
        next = page.NextToken;
      } while (next !== undefined);
      return found;
    },

    /** Null: there is no such client. */
    async createdAt(pool: string, clientId: string, signal?: AbortSignal): Promise<Date | null> {
      const found = await describe(pool, clientId, signal);
      return found && (found.CreationDate ?? new Date(0));
    },

    /** Null: there is no such client, or it has no secret. */
    async clientSecret(pool: string, clientId: string, signal?: AbortSignal): Promise<Secret | null> {
      const found = await describe(pool, clientId, signal);
      return found?.ClientSecret ? new Secret(found.ClientSecret) : null;
    },

    /**
     * Changes the settings that are ours and keeps all others: what an update leaves out is reset by Cognito. Nothing is
     * written if nothing changes. False: there is no such client.
     */
    async updateClient(
      pool: string,
      clientId: string,
      settings: AppClientSettings,
      signal?: AbortSignal,
    ): Promise<boolean> {
      const found = await describe(pool, clientId, signal);
      if (!found) return false;
      const kept = { ...found };
      delete kept.ClientSecret;
      delete kept.CreationDate;
      delete kept.LastModifiedDate;
      const wanted = [...settings.scopes].sort();
      const same =
        kept.ClientName === settings.name && `${[...(kept.AllowedOAuthScopes ?? [])].sort()}` === `${wanted}`;
      if (same) return true;
      const input: UpdateUserPoolClientCommandInput = {
        ...kept,
        UserPoolId: pool,
        ClientId: clientId,
        ClientName: settings.name,
        AllowedOAuthScopes: wanted,
      };
      const command = new UpdateUserPoolClientCommand(input);
      const done = await orNull(call('UpdateUserPoolClient', signal, () => client.send(command, options(signal))));
      return done !== null;
    },

    /** Not there (any more) is a success. */
    async deleteClient(pool: string, clientId: string, signal?: AbortSignal): Promise<void> {
      const command = new DeleteUserPoolClientCommand({ UserPoolId: pool, ClientId: clientId });
      await orNull(call('DeleteUserPoolClient', signal, () => client.send(command, options(signal))));
    },
  };
}
