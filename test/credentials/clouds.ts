import {
  APIGatewayClient,
  CreateDeploymentCommand,
  CreateRestApiCommand,
  CreateUsagePlanCommand,
  DeleteApiKeyCommand,
  DeleteUsagePlanKeyCommand,
  GetApiKeysCommand,
  GetResourcesCommand,
  GetUsagePlanKeysCommand,
  PutIntegrationCommand,
  PutMethodCommand,
} from '@aws-sdk/client-api-gateway';
import {
  CognitoIdentityProviderClient,
  CreateResourceServerCommand,
  CreateUserPoolCommand,
  DeleteUserPoolClientCommand,
  DescribeUserPoolClientCommand,
  ListUserPoolClientsCommand,
} from '@aws-sdk/client-cognito-identity-provider';
import { logToStderr } from '../../scripts/local-stack/log';
import { startMoto } from '../../scripts/local-stack/moto';
import type { AwsAnswer, AwsCall } from '../support/aws/call';
import { forwardTo } from '../support/aws/forward';
import { createStrictAccount, type StrictAccount } from '../support/aws/strict-aws';

/** What a region has before anything is asked for. The last plan covers the same API stage as the first. */
export interface Place {
  region: string;
  userPoolId: string;
  /** The API that a plan covers. */
  plans: { plan: string; api: string }[];
}

/** What AWS holds of ours, in words that can be compared. */
export interface Holdings {
  keys: { id: string; name: string; value: string; enabled: boolean }[];
  /** By plan, as in `Place.plans`. */
  attached: string[][];
  clients: { id: string; name: string; scopes: string[]; flows: string[]; minutes: number | undefined }[];
}

/** A stand-in for AWS, and what is seen when looking at it past the fault proxy. */
export interface Cloud {
  answer(call: AwsCall): Promise<AwsAnswer>;
  prepare(region: string): Promise<Place>;
  holdings(place: Place): Promise<Holdings>;
  /** Takes away what it holds. */
  clear(place: Place, held: Holdings): Promise<void>;
  stop(): Promise<void>;
}

const stages = ['one', 'two', 'three', 'one'];
const scopeNames = ['read', 'write'];

export function strictCloud(): Cloud & { aws: StrictAccount } {
  const aws = createStrictAccount();
  return {
    answer: (call) => Promise.resolve(aws.answer(call)),
    aws,
    prepare(region) {
      const { gateway, cognito } = aws.region(region);
      const plans = stages.map((stage, index) => {
        const id = `plan${index}`;
        gateway.plans.set(id, { id, name: id, apiStages: [{ apiId: 'api', stage }], keys: new Set() });
        return { plan: id, api: 'api' };
      });
      const userPoolId = `${region}_pool`;
      const resourceServers = new Map([['rs', scopeNames]]);
      cognito.pools.set(userPoolId, { id: userPoolId, domain: 'login', resourceServers, clients: new Map() });
      return Promise.resolve({ region, userPoolId, plans });
    },
    holdings({ region, userPoolId, plans }) {
      const { gateway, cognito } = aws.region(region);
      const clients = [...(cognito.pools.get(userPoolId)?.clients.values() ?? [])];
      return Promise.resolve({
        keys: [...gateway.keys.values()].map(({ id, name, value, enabled }) => ({ id, name, value, enabled })),
        attached: plans.map(({ plan }) => [...(gateway.plans.get(plan)?.keys ?? [])]),
        clients: clients.map((client) => ({
          id: client.ClientId,
          name: client.ClientName,
          scopes: [...(client.AllowedOAuthScopes ?? [])].sort(),
          flows: (client.AllowedOAuthFlows ?? []) as string[],
          minutes: client.AccessTokenValidity as number | undefined,
        })),
      });
    },
    clear({ region }) {
      const { gateway, cognito } = aws.region(region);
      gateway.keys.clear();
      gateway.plans.forEach(({ keys }) => keys.clear());
      cognito.pools.forEach(({ clients }) => clients.clear());
      return Promise.resolve();
    },
    stop: () => Promise.resolve(),
  };
}

export async function motoCloud(): Promise<Cloud> {
  const moto = await startMoto({ log: logToStderr });
  const known = new Map<string, { gateway: APIGatewayClient; cognito: CognitoIdentityProviderClient }>();
  const clientsOf = (region: string) => {
    const to = { endpoint: moto.url, region };
    const clients = known.get(region) ?? {
      gateway: new APIGatewayClient(to),
      cognito: new CognitoIdentityProviderClient(to),
    };
    known.set(region, clients);
    return clients;
  };

  return {
    answer: (call) => forwardTo(moto.url, call),
    async prepare(region) {
      const { gateway, cognito } = clientsOf(region);
      const { id: restApiId } = await gateway.send(new CreateRestApiCommand({ name: region }));
      const { items } = await gateway.send(new GetResourcesCommand({ restApiId }));
      const method = { restApiId, resourceId: items?.[0]?.id, httpMethod: 'GET' };
      await gateway.send(new PutMethodCommand({ ...method, authorizationType: 'NONE' }));
      await gateway.send(new PutIntegrationCommand({ ...method, type: 'MOCK', integrationHttpMethod: 'GET' }));
      for (const stageName of new Set(stages)) {
        await gateway.send(new CreateDeploymentCommand({ restApiId, stageName }));
      }
      const plans = [];
      for (const stage of stages) {
        const apiStages = [{ apiId: restApiId, stage }];
        const { id } = await gateway.send(new CreateUsagePlanCommand({ name: stage, apiStages }));
        plans.push({ plan: id ?? '', api: restApiId ?? '' });
      }
      const { UserPool } = await cognito.send(new CreateUserPoolCommand({ PoolName: region }));
      const UserPoolId = UserPool?.Id ?? '';
      const Scopes = scopeNames.map((ScopeName) => ({ ScopeName, ScopeDescription: ScopeName }));
      await cognito.send(new CreateResourceServerCommand({ UserPoolId, Identifier: 'rs', Name: 'rs', Scopes }));
      return { region, userPoolId: UserPoolId, plans };
    },
    async holdings({ region, userPoolId, plans }) {
      const { gateway, cognito } = clientsOf(region);
      const keys = await gateway.send(new GetApiKeysCommand({ includeValues: true }));
      const attached = await Promise.all(
        plans.map(({ plan }) => gateway.send(new GetUsagePlanKeysCommand({ usagePlanId: plan }))),
      );
      const inPool = { UserPoolId: userPoolId };
      const list = await cognito.send(new ListUserPoolClientsCommand({ ...inPool, MaxResults: 60 }));
      const clients = await Promise.all(
        (list.UserPoolClients ?? []).map(({ ClientId }) =>
          cognito.send(new DescribeUserPoolClientCommand({ ...inPool, ClientId })),
        ),
      );
      return {
        keys: (keys.items ?? []).map(({ id = '', name = '', value = '', enabled = false }) => ({
          id,
          name,
          value,
          enabled,
        })),
        attached: attached.map(({ items }) => (items ?? []).map(({ id = '' }) => id)),
        clients: clients.map(({ UserPoolClient: client }) => ({
          id: client?.ClientId ?? '',
          name: client?.ClientName ?? '',
          scopes: [...(client?.AllowedOAuthScopes ?? [])].sort(),
          flows: client?.AllowedOAuthFlows ?? [],
          minutes: client?.AccessTokenValidity,
        })),
      };
    },
    async clear(place, { keys, attached, clients }) {
      const { gateway, cognito } = clientsOf(place.region);
      for (const [index, keyIds] of attached.entries()) {
        const usagePlanId = place.plans[index]?.plan;
        for (const keyId of keyIds) await gateway.send(new DeleteUsagePlanKeyCommand({ usagePlanId, keyId }));
      }
      for (const { id } of keys) await gateway.send(new DeleteApiKeyCommand({ apiKey: id }));
      const UserPoolId = place.userPoolId;
      for (const { id } of clients) await cognito.send(new DeleteUserPoolClientCommand({ UserPoolId, ClientId: id }));
    },
    stop: moto.stop,
  };
}
