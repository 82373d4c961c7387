import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { findEventType } from '../../domain/event-catalogue';
import { contracts, type Contract } from '../../domain/webhook';
import type { ApiClient } from '../api-client';
import { idDocument, pageOf, read, secretDocument } from '../api-documents';
import { registerInterceptor } from './consents';
import { healthy, startReceiver, type DemoReceiver } from './receivers';
import { bySovrin, byStandardWebhooks, byTyk } from './verifications';

export type ContractReceivers = Record<Contract, DemoReceiver>;

/** A webhook of each contract, registered in that contract's own words, and its receiver. */
export interface Contracts {
  receivers: ContractReceivers;
  webhookIds: Record<Contract, string>;
}

/** What each is sent; Celcoin's is told of consents by themselves. */
export const eventTypes = {
  everhook: 'everhook.test',
  sovrin: 'OpenIdCredentialIssued',
  iceye: 'purchase.delivered',
  tyk: 'UserRegistered',
} as const satisfies Partial<Record<Contract, string>>;

export async function startEach(onStarted: (receiver: DemoReceiver) => void): Promise<ContractReceivers> {
  const started = async () => {
    const receiver = await startReceiver(healthy);
    onStarted(receiver);
    return receiver;
  };
  return {
    everhook: await started(),
    sovrin: await started(),
    iceye: await started(),
    celcoin: await started(),
    tyk: await started(),
  };
}

export async function registerEach(api: ApiClient, apiUrl: string, receivers: ContractReceivers): Promise<Contracts> {
  const register = (path: string, body: object) => api.request('POST', path, { body });

  async function everhook(receiver: DemoReceiver): Promise<string> {
    const { id, secret } = await api.webhooks.create({ targetUrl: receiver.url, events: [eventTypes.everhook] });
    receiver.expect(byStandardWebhooks(secret));
    return id;
  }

  async function sovrin(receiver: DemoReceiver): Promise<string> {
    const { id } = read(idDocument, await register('/v1/webhooks', { url: receiver.url, events: [eventTypes.sovrin] }));
    receiver.expect(bySovrin(apiUrl, { webhookId: id, url: receiver.url }));
    return id;
  }

  async function iceye(receiver: DemoReceiver): Promise<string> {
    const body = { targetURL: receiver.url };
    const { id } = read(idDocument, await register('/api/notifications/v1/webhooks', body));
    // ICEYE's contract shows no secret; the first rotation does.
    const rotated = await api.webhooks.rotateSecret(id, { graceSeconds: 0 });
    receiver.expect(byStandardWebhooks(read(secretDocument, rotated).secret));
    return id;
  }

  async function tyk(receiver: DemoReceiver): Promise<string> {
    const body = { Name: 'Demo', URL: receiver.url, Timeout: 10, Events: [eventTypes.tyk] };
    const { Secret } = read(z.object({ Secret: z.string() }), await register('/portal-api/webhooks', body));
    receiver.expect(byTyk(Secret));
    // Tyk's contract shows an integer; the list of webhooks of all contracts has the id.
    const all = await api.webhooks.list({ contract: 'tyk' }).page();
    const [webhook] = read(pageOf(idDocument), all).data;
    if (!webhook) throw new Error('the webhook of the Tyk contract is not there');
    return webhook.id;
  }

  return {
    receivers,
    webhookIds: {
      everhook: await everhook(receivers.everhook),
      sovrin: await sovrin(receivers.sovrin),
      iceye: await iceye(receivers.iceye),
      celcoin: await registerInterceptor(api, receivers.celcoin),
      tyk: await tyk(receivers.tyk),
    },
  };
}

/** Publishes the example of each contract's event type, each for its webhook alone. */
export async function publishToEach(api: ApiClient, { webhookIds }: Contracts): Promise<void> {
  for (const contract of contracts.filter((one) => one !== 'celcoin')) {
    const type = eventTypes[contract];
    const payload = { ...findEventType(type)?.example };
    await api.events.publish({ type, payload, webhookId: webhookIds[contract] });
  }
}

const receivedWithinMs = 10_000;

/** Until every receiver has got something, or for ten seconds. */
export async function untilReceived(receivers: ContractReceivers): Promise<void> {
  const deadline = Date.now() + receivedWithinMs;
  while (Object.values(receivers).some(({ requests }) => requests.length === 0) && Date.now() < deadline) {
    await sleep(50);
  }
}
