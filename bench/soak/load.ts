import { z } from 'zod';
import type { Random } from './random';
import { eventType, type SoakTenant } from './tenant';

/** What was asked of Everhook, and what it answered. */
export interface SoakLoad {
  /** Events that were answered 202: these must be delivered. By tenant. */
  accepted: ReadonlyMap<number, readonly string[]>;
  /** How many requests had which other answer: a status, or `none`. */
  refused: Readonly<Record<string, number>>;
  consents: { created: number; actions: number };
  /** Asks for nothing more, and waits for the answers that are due. */
  stop(): Promise<void>;
}

const consentAnswer = z.object({ consentId: z.string() });
const newConsent = {
  type: 'DATA',
  loggedUser: { document: { identification: '12345678909', rel: 'CPF' } },
  permissions: ['ACCOUNTS_READ', 'RESOURCES_READ'],
};
/** What becomes of a consent, if nothing hinders it. The last one runs out. */
const lives = [['approve', 'consume'], ['approve', 'revoke'], ['reject', 'consume'], ['approve'], []];
/** A consent for so many events. */
const consentShare = 1 / 20;
const tickMs = 50;

/** Publishes at a steady rate, whatever is answered, and has consents made and decided. */
export function startLoad(options: { tenants: readonly SoakTenant[]; perSecond: number; random: Random }): SoakLoad {
  const { tenants, perSecond, random } = options;
  const accepted = new Map(tenants.map(({ number }): [number, string[]] => [number, []]));
  const refused: Record<string, number> = {};
  const consents = { created: 0, actions: 0 };
  const underWay = new Set<Promise<void>>();
  const startedAt = performance.now();
  let asked = 0;

  const refuse = (status: number | null) => {
    const name = String(status ?? 'none');
    refused[name] = (refused[name] ?? 0) + 1;
  };

  async function publish(tenant: SoakTenant, number: number): Promise<void> {
    const id = `${tenant.number}-${number}`;
    const event = { id, type: eventType, payload: { tenant: tenant.number } };
    const { status } = await tenant.call('POST', '/api/v1/events', event);
    if (status === 202) accepted.get(tenant.number)?.push(id);
    else refuse(status);
  }

  async function live(tenant: SoakTenant, actions: readonly string[]): Promise<void> {
    const { status, body } = await tenant.call('POST', '/api/v1/consents', newConsent);
    if (status !== 201) return refuse(status);
    consents.created += 1;
    const { consentId } = consentAnswer.parse(body);
    for (const action of actions) {
      const answer = await tenant.call('POST', `/api/v1/consents/${consentId}/${action}`);
      // 409: its time was over while something was away.
      if (answer.status !== 200 && answer.status !== 202)
        return answer.status === 409 ? undefined : refuse(answer.status);
      consents.actions += 1;
    }
  }

  function ask(work: Promise<void>): void {
    const one: Promise<void> = work.finally(() => underWay.delete(one));
    underWay.add(one);
  }

  const ticking = setInterval(() => {
    const due = Math.floor(((performance.now() - startedAt) / 1000) * perSecond);
    for (; asked < due; asked += 1) {
      ask(publish(random.pick(tenants), asked));
      if (random.chance(consentShare)) ask(live(random.pick(tenants), random.pick(lives)));
    }
  }, tickMs);

  return {
    accepted,
    refused,
    consents,
    async stop() {
      clearInterval(ticking);
      await Promise.all(underWay);
    },
  };
}
