import {
  CreateApiKeyCommand,
  CreateUsagePlanKeyCommand,
  DeleteApiKeyCommand,
  DeleteUsagePlanKeyCommand,
  GetApiKeyCommand,
  GetApiKeysCommand,
  GetUsagePlanCommand,
  GetUsagePlanKeyCommand,
  GetUsagePlansCommand,
  UpdateApiKeyCommand,
  type APIGatewayClient,
  type ApiKey,
  type UsagePlan,
} from '@aws-sdk/client-api-gateway';
import type { UsagePlanStages } from '../../domain/credential-run';
import { Secret } from '../../domain/secret';
import { AwsFailure, callAws } from './errors';

/** A key as listed: never its value. */
export interface ListedApiKey {
  id: string;
  customerId: string | null;
  tags: Record<string, string>;
  createdAt: Date;
}

export interface NewApiKey {
  name: string;
  description: string;
  customerId: string;
  value: Secret;
  tags: Record<string, string>;
}

/** API Gateway (REST, v1), one method a call. All throw {@link AwsFailure}. */
export type ApiGateway = ReturnType<typeof createApiGateway>;

const pageSize = 500;

export function createApiGateway(client: APIGatewayClient) {
  const call = <T>(operation: string, signal: AbortSignal | undefined, send: () => Promise<T>) =>
    callAws('api-gateway', operation, signal, send);
  const options = (abortSignal: AbortSignal | undefined) => ({ abortSignal });

  async function keys(
    query: { customerId?: string; nameQuery?: string },
    signal?: AbortSignal,
  ): Promise<ListedApiKey[]> {
    const found: ListedApiKey[] = [];
    let position: string | undefined;
    do {
      const page = await call('GetApiKeys', signal, () =>
        client.send(
          new GetApiKeysCommand({ ...query, includeValues: false, limit: pageSize, position }),
          options(signal),
        ),
      );
      found.push(...(page.items ?? []).flatMap(toListed));
      position = page.position;
    } while (position !== undefined);
    return found;
  }

  return {
    /** Null: there is no such plan. */
    async usagePlan(usagePlanId: string, signal?: AbortSignal): Promise<UsagePlanStages | null> {
      const plan = await orNull(
        call('GetUsagePlan', signal, () => client.send(new GetUsagePlanCommand({ usagePlanId }), options(signal))),
      );
      return plan && toStages(plan);
    },

    /** The plans a key is attached to. */
    async usagePlansOf(keyId: string, signal?: AbortSignal): Promise<UsagePlanStages[]> {
      const found: UsagePlanStages[] = [];
      let position: string | undefined;
      do {
        const page = await call('GetUsagePlans', signal, () =>
          client.send(new GetUsagePlansCommand({ keyId, limit: pageSize, position }), options(signal)),
        );
        found.push(...(page.items ?? []).flatMap((plan) => toStages(plan) ?? []));
        position = page.position;
      } while (position !== undefined);
      return found;
    },

    /** Lists one usage plan, to see whether it may. */
    async probe(signal?: AbortSignal): Promise<void> {
      await call('GetUsagePlans', signal, () => client.send(new GetUsagePlansCommand({ limit: 1 }), options(signal)));
    },

    /** Disabled. Fails with `conflict` if a key has the value already. */
    async createKey(key: NewApiKey, signal?: AbortSignal): Promise<string> {
      const made = await call('CreateApiKey', signal, () =>
        client.send(new CreateApiKeyCommand({ ...key, value: key.value.reveal(), enabled: false }), options(signal)),
      );
      if (!made.id) throw new AwsFailure('CreateApiKey', 'unavailable', 'IncompleteAnswer', null, null, null);
      return made.id;
    },

    /** Oldest first. The stand-in ignores `customerId`, so it is compared here too. */
    async keysOfCustomer(customerId: string, signal?: AbortSignal): Promise<ListedApiKey[]> {
      const found = (await keys({ customerId }, signal)).filter((key) => key.customerId === customerId);
      return found.sort((one, other) => one.createdAt.getTime() - other.createdAt.getTime());
    },

    /** All keys of the account in this region. */
    allKeys: (signal?: AbortSignal) => keys({}, signal),

    /** Null: there is no such key. */
    async keyValue(apiKey: string, signal?: AbortSignal): Promise<Secret | null> {
      const found = await orNull(
        call('GetApiKey', signal, () =>
          client.send(new GetApiKeyCommand({ apiKey, includeValue: true }), options(signal)),
        ),
      );
      return found?.value ? new Secret(found.value) : null;
    },

    async setEnabled(apiKey: string, enabled: boolean, signal?: AbortSignal): Promise<void> {
      await replace(apiKey, '/enabled', String(enabled), signal);
    },

    async rename(apiKey: string, name: string, signal?: AbortSignal): Promise<void> {
      await replace(apiKey, '/name', name, signal);
    },

    /** Fails with `conflict` if it is attached already, or if another plan of the key covers a stage of this one. */
    async attach(usagePlanId: string, keyId: string, signal?: AbortSignal): Promise<void> {
      await call('CreateUsagePlanKey', signal, () =>
        client.send(new CreateUsagePlanKeyCommand({ usagePlanId, keyId, keyType: 'API_KEY' }), options(signal)),
      );
    },

    async isAttached(usagePlanId: string, keyId: string, signal?: AbortSignal): Promise<boolean> {
      const found = await orNull(
        call('GetUsagePlanKey', signal, () =>
          client.send(new GetUsagePlanKeyCommand({ usagePlanId, keyId }), options(signal)),
        ),
      );
      return found !== null;
    },

    /** Not attached (any more) is a success. */
    async detach(usagePlanId: string, keyId: string, signal?: AbortSignal): Promise<void> {
      await orNull(
        call('DeleteUsagePlanKey', signal, () =>
          client.send(new DeleteUsagePlanKeyCommand({ usagePlanId, keyId }), options(signal)),
        ),
      );
    },

    /** Not there (any more) is a success. */
    async deleteKey(apiKey: string, signal?: AbortSignal): Promise<void> {
      await orNull(
        call('DeleteApiKey', signal, () => client.send(new DeleteApiKeyCommand({ apiKey }), options(signal))),
      );
    },
  };

  async function replace(apiKey: string, path: string, value: string, signal?: AbortSignal): Promise<void> {
    const patchOperations = [{ op: 'replace' as const, path, value }];
    await call('UpdateApiKey', signal, () =>
      client.send(new UpdateApiKeyCommand({ apiKey, patchOperations }), options(signal)),
    );
  }
}

/** Null in place of a failure that says that there is no such thing. */
export async function orNull<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof AwsFailure && error.kind === 'not_found') return null;
    throw error;
  }
}

function toListed(key: ApiKey): ListedApiKey[] {
  if (!key.id) return [];
  const { id, customerId = null, tags = {}, createdDate = new Date(0) } = key;
  return [{ id, customerId, tags, createdAt: createdDate }];
}

function toStages(plan: UsagePlan): UsagePlanStages | null {
  if (!plan.id) return null;
  return { id: plan.id, stages: (plan.apiStages ?? []).map(({ apiId, stage }) => `${apiId}/${stage}`) };
}
