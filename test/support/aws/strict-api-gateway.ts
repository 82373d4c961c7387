import { randomUUID } from 'node:crypto';
import type { AwsCall } from './call';
import { listed, refuse, type Answer } from './strict-answer';

export interface StrictKey {
  id: string;
  name: string;
  description?: string;
  value: string;
  enabled: boolean;
  customerId?: string;
  tags: Record<string, string>;
  createdAt: number;
}

export interface StrictPlan {
  id: string;
  name: string;
  apiStages: { apiId: string; stage: string }[];
  keys: Set<string>;
}

export interface StrictApiGateway {
  keys: Map<string, StrictKey>;
  plans: Map<string, StrictPlan>;
  answer(call: AwsCall): Answer | undefined;
}

/** API keys and usage plans of one region. */
export function strictApiGateway({ visibleAfterMs }: { visibleAfterMs: number }): StrictApiGateway {
  const keys = new Map<string, StrictKey>();
  const plans = new Map<string, StrictPlan>();
  const keyOf = (id: string) =>
    keys.get(id) ?? refuse(404, 'NotFoundException', 'Invalid API Key identifier specified');
  const planOf = (id: string) => plans.get(id) ?? refuse(404, 'NotFoundException', 'Invalid Usage Plan ID specified');
  const shown = (key: StrictKey, withValue: boolean) => ({
    id: key.id,
    name: key.name,
    description: key.description,
    enabled: key.enabled,
    customerId: key.customerId,
    tags: key.tags,
    createdDate: key.createdAt / 1000,
    lastUpdatedDate: key.createdAt / 1000,
    stageKeys: [],
    ...(withValue && { value: key.value }),
  });
  const shownPlan = ({ id, name, apiStages }: StrictPlan) => ({ id, name, apiStages });

  function create(body: Record<string, unknown>): Answer {
    const known = ['name', 'description', 'enabled', 'value', 'customerId', 'tags'];
    const other = Object.keys(body).find((name) => !known.includes(name));
    if (other) refuse(400, 'BadRequestException', `Invalid member ${other}`);
    const { name = '', description, enabled = false, customerId } = body as Partial<StrictKey>;
    const value = String(body.value ?? randomUUID().replaceAll('-', ''));
    const tags = (body.tags ?? {}) as Record<string, string>;
    if (!/^[A-Za-z0-9]{20,128}$/.test(value)) refuse(400, 'BadRequestException', 'API Key value is not well-formed');
    if (name.length > 1024 || !/^[\x20-\x7e]*$/.test(name)) refuse(400, 'BadRequestException', 'Invalid name');
    for (const [tag, content] of Object.entries(tags)) {
      const fits = /^[A-Za-z0-9+\-=._:/]+$/;
      if (!fits.test(tag) || !fits.test(content)) refuse(400, 'BadRequestException', 'Invalid tag');
    }
    if ([...keys.values()].some((key) => key.value === value)) {
      refuse(409, 'ConflictException', 'API Key already exists');
    }
    const id = randomUUID().replaceAll('-', '').slice(0, 10);
    const key = { id, name, description, value, enabled, customerId, tags, createdAt: Date.now() };
    keys.set(id, key);
    return { status: 201, body: shown(key, true) };
  }

  function update(key: StrictKey, operations: { op: string; path: string; value: string }[]): Answer {
    for (const { op, path, value } of operations) {
      if (op !== 'replace' || typeof value !== 'string') refuse(400, 'BadRequestException', 'Invalid patch operation');
      if (path === '/enabled') key.enabled = value === 'true';
      else if (path === '/name') key.name = value;
      else refuse(400, 'BadRequestException', `Invalid patch path ${path}`);
    }
    return { status: 200, body: shown(key, false) };
  }

  function attach(plan: StrictPlan, body: { keyId?: string; keyType?: string }): Answer {
    if (body.keyType !== 'API_KEY') refuse(400, 'BadRequestException', 'Invalid key type');
    const key = keyOf(body.keyId ?? '');
    if (plan.keys.has(key.id)) refuse(409, 'ConflictException', 'Usage Plan already has this key');
    const stages = plan.apiStages.map(({ apiId, stage }) => `${apiId}/${stage}`);
    for (const other of plans.values()) {
      const shares = other.apiStages.some(({ apiId, stage }) => stages.includes(`${apiId}/${stage}`));
      if (shares && other.keys.has(key.id)) {
        refuse(409, 'ConflictException', 'The key is in another plan of the same API stage');
      }
    }
    plan.keys.add(key.id);
    return { status: 201, body: { id: key.id, type: 'API_KEY', name: key.name } };
  }

  return {
    keys,
    plans,
    answer({ operation, url, body }) {
      const [, , first = '', , second = ''] = url.pathname.split('/').map(decodeURIComponent);
      const query = url.searchParams;
      const sent = () => JSON.parse(body || '{}') as Record<string, unknown>;
      switch (operation) {
        case 'CreateApiKey':
          return create(sent());
        case 'GetApiKeys': {
          const customer = query.get('customerId');
          const found = [...keys.values()]
            .filter((key) => Date.now() - key.createdAt >= visibleAfterMs)
            .filter((key) => customer === null || key.customerId === customer)
            .filter((key) => key.name.startsWith(query.get('name') ?? ''));
          return listed(found, query.get('position'), (key) => shown(key, query.get('includeValues') === 'true'));
        }
        case 'GetApiKey':
          return { status: 200, body: shown(keyOf(first), query.get('includeValue') === 'true') };
        case 'UpdateApiKey':
          return update(keyOf(first), sent().patchOperations as Parameters<typeof update>[1]);
        case 'DeleteApiKey': {
          const key = keyOf(first);
          // AWS lets go of a key's plans together with it.
          for (const plan of plans.values()) plan.keys.delete(key.id);
          keys.delete(key.id);
          return { status: 202 };
        }
        case 'GetUsagePlans': {
          const keyId = query.get('keyId');
          const found = [...plans.values()].filter((plan) => keyId === null || plan.keys.has(keyId));
          return listed(found, query.get('position'), shownPlan);
        }
        case 'GetUsagePlan':
          return { status: 200, body: shownPlan(planOf(first)) };
        case 'CreateUsagePlanKey':
          return attach(planOf(first), sent());
        case 'GetUsagePlanKey':
        case 'DeleteUsagePlanKey': {
          const plan = planOf(first);
          if (!plan.keys.has(second)) refuse(404, 'NotFoundException', 'Invalid API Key identifier specified');
          if (operation === 'GetUsagePlanKey') return { status: 200, body: { id: second, type: 'API_KEY' } };
          plan.keys.delete(second);
          return { status: 202 };
        }
        default:
          return undefined;
      }
    },
  };
}
