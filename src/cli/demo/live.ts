import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DeliveryDocument } from '../api-documents';
import { printable } from '../output';
import type { StopSignal } from '../stop-signal';
import { changedConsents, fateNames, listConsents, renderConsentChange, renderConsents } from './consents';
import { renderReceived } from './contract-checks';
import { untilReceived } from './contracts';
import {
  changedCredentials,
  listCredentials,
  renderCredentialChange,
  renderCredentials,
  renderStory,
  untilCredentialsSettled,
  type CredentialsPart,
} from './credentials';
import { changed, followDeliveries, webhookNames } from './deliveries';
import type { Demo } from './demo';
import { creationOf } from './portal';
import { demoEventTypes, newEvent } from './scenario';
import { createScreen, firstThatFits } from './screen';
import { renderChange, renderDeliveries } from './table';

const pollMs = 500;
/** More would leave no room for deliveries. */
const mostConsents = 10;
const mostCredentials = 5;

/** Shows what happens until a signal comes. */
export async function watch(demo: Demo, stop: StopSignal): Promise<void> {
  const { receivers } = demo.contracts;
  await Promise.race([untilReceived(receivers), stop.requested, demo.failed]);
  process.stdout.write(`\n${renderReceived(receivers)}\n${await introduction(demo)}\n\n`);
  const showing = show(demo, stop);
  await Promise.race([showing, stop.requested, demo.failed]);
}

async function show(demo: Demo, stop: StopSignal): Promise<void> {
  const feed = followDeliveries(demo.api);
  const nameOf = webhookNames({ ...demo.webhookIds, ...demo.contracts.webhookIds });
  const fateOf = fateNames(demo.consents.ids);
  const { stdout } = process;
  const screen = stdout.isTTY ? createScreen(stdout) : undefined;
  const seen = new Map<string, string>();
  const seenConsents = new Map<string, string>();
  const seenCredentials = new Map<string, string>();
  const linked = new Set<string>();
  const link = ({ id, temporalUrl }: Pick<DeliveryDocument, 'id' | 'temporalUrl'>) => {
    if (temporalUrl && !linked.has(id)) stdout.write(`          ${temporalUrl}\n`);
    linked.add(id);
  };
  let story: string | undefined;
  if (typeof demo.credentials !== 'string') {
    untilCredentialsSettled(demo.api, demo.credentials).then(
      (asked) => (story = `${renderStory(asked)}\n`),
      (error: unknown) => (story = `Credentials: ${printable(String(error))}\n`),
    );
  }
  while (!stop.received()) {
    // A part may be away for a moment: somebody tries what happens then.
    const deliveries = await feed.poll().catch(() => undefined);
    const consents = await listConsents(demo.api).catch(() => undefined);
    const credentials = await listCredentials(demo.api).catch(() => undefined);
    if (stop.received()) return;
    const now = new Date();
    if (story !== undefined) {
      if (screen) screen.leave(story);
      else stdout.write(`${story}\n`);
      story = undefined;
    }
    if (screen && deliveries) {
      const texts = fromLongest(deliveries, (shown, links) =>
        [
          renderDeliveries(shown, nameOf, now, { links }),
          renderConsents((consents ?? []).slice(-mostConsents), fateOf, now),
          ...(credentials?.length ? [renderCredentials(credentials.slice(-mostCredentials), { links })] : []),
        ].join('\n\n'),
      );
      screen.draw(firstThatFits(texts, stdout));
    } else {
      for (const one of changedConsents(consents ?? [], seenConsents)) {
        stdout.write(`${renderConsentChange(one, fateOf, now)}\n`);
      }
      for (const one of changedCredentials(credentials ?? [], seenCredentials)) {
        stdout.write(`${renderCredentialChange(one, now)}\n`);
        link(one);
      }
      for (const delivery of changed(deliveries ?? [], seen)) {
        stdout.write(`${renderChange(delivery, nameOf, now)}\n`);
        link(delivery);
      }
    }
    await sleep(pollMs);
  }
}

/** With links, without them, then with fewer and fewer of the older deliveries. */
function* fromLongest(
  deliveries: readonly DeliveryDocument[],
  render: (shown: readonly DeliveryDocument[], links: boolean) => string,
): Generator<string> {
  const closing = '\n\nCtrl-C ends it.';
  yield render(deliveries, true) + closing;
  for (let left = 0; left < deliveries.length; left += 1) yield render(deliveries.slice(left), false) + closing;
}

/** Where everything is, and how to try it: with a token that works for an hour. */
async function introduction(demo: Demo): Promise<string> {
  const { apiUrl, metricsUrl, consoleUrl, client, config, credentials } = demo;
  const [type] = demoEventTypes;
  const example = type ? JSON.stringify({ ...newEvent(type), id: undefined }) : '{}';
  const everhook = `node ${path.relative('', process.argv[1] ?? '')}`;
  const workflows = config.TEMPORAL_UI_URL
    ? `${config.TEMPORAL_UI_URL}/namespaces/${config.TEMPORAL_NAMESPACE}/workflows   (payloads are encrypted; shown decrypted by the API)`
    : `not known: Temporal is at ${config.TEMPORAL_ADDRESS}`;
  const portal = typeof credentials === 'string' ? '' : `\n\nAs the portal:\n${portalCall(apiUrl, credentials)}`;
  return `
API          ${apiUrl}   (documentation: ${apiUrl}/docs)
Console      ${consoleUrl}   (opens once; then with the client below)
Temporal UI  ${workflows}
Metrics      ${metricsUrl}/metrics
Log          ${demo.logFile}

A client for your own experiments; whatever you publish shows up in the table:
  export EVERHOOK_URL=${apiUrl} EVERHOOK_CLIENT_ID=${client.id} EVERHOOK_CLIENT_SECRET=${client.secret}
  ${everhook} event publish --type ${type?.name ?? ''} --payload '{"credentialId": "42"}'
  ${everhook} delivery list
  echo 12345678909 | ${everhook} consent create --type DATA --permissions ACCOUNTS_READ,RESOURCES_READ

The same with curl:
  TOKEN=${await demo.api.token()}
  curl -s ${apiUrl}/api/v1/events -H "authorization: Bearer $TOKEN" -H 'content-type: application/json' -d '${example}'${portal}`;
}

function portalCall(apiUrl: string, { account, aws }: CredentialsPart): string {
  const body = JSON.stringify(creationOf('mine', aws));
  const { username, password } = account;
  return `  curl -s ${apiUrl}/v1/createCredentials -u ${username}:${password} -H 'content-type: application/json' -d '${body}'`;
}
