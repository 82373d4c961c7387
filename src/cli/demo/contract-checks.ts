import { contracts, type Contract } from '../../domain/webhook';
import type { DeliveryDocument } from '../api-documents';
import { outcomeOf } from '../outcome';
import { printable } from '../output';
import { check, type Check } from './checks';
import type { Contracts } from './contracts';
import type { WholeRequest } from './receivers';

/** How each receiver verifies, and the headers of a delivery that matter to it. */
const shown: Record<Contract, { by: string; headers: readonly string[] }> = {
  everhook: { by: 'Standard Webhooks', headers: ['webhook-id', 'webhook-signature'] },
  sovrin: { by: 'HTTP Message Signatures', headers: ['x-sovrin-event-type', 'signature-input'] },
  iceye: { by: 'Standard Webhooks', headers: ['webhook-id', 'webhook-signature'] },
  celcoin: { by: 'Standard Webhooks', headers: ['webhook-id', 'webhook-signature'] },
  tyk: { by: 'Tyk and Standard Webhooks', headers: ['x-signature-sha256', 'webhook-signature'] },
};
const columns = 80;

type Received = Record<Contract, { requests: readonly WholeRequest[] }>;

/** The first delivery of each contract as its receiver sees it. */
export function renderReceived(receivers: Received): string {
  const blocks = contracts.map((contract) => {
    const [request] = receivers[contract].requests;
    return request ? renderRequest(contract, request) : `${contract.padEnd(9)} nothing yet`;
  });
  return ['One delivery of each contract, as its receiver sees it:', ...blocks].join('\n');
}

function renderRequest(contract: Contract, { method, path, headers, body, signatureValid }: WholeRequest): string {
  const { by, headers: names } = shown[contract];
  const verdict = signatureValid ? `signature verified (${by})` : 'signature NOT verified';
  const lines = [
    `${contract.padEnd(9)} ${method} ${path}  ${verdict}`,
    ...names.map((name) => `  ${name}: ${String(headers[name] ?? 'missing')}`),
    `  ${body}`,
  ];
  return lines.map(cut).join('\n');
}

/** One line of a terminal, also when it holds what could redraw the screen. */
function cut(line: string): string {
  const text = printable(line);
  return text.length < columns ? text : `${text.slice(0, columns - 2)}…`;
}

/** What must hold of the contracts at the end of `demo --once`. */
export function checkContracts(
  observed: Pick<Contracts, 'webhookIds'> & { receivers: Received; deliveries: readonly DeliveryDocument[] },
): Check[] {
  const { webhookIds, receivers, deliveries } = observed;
  const problemsOf = (contract: Contract): string[] => {
    const own = deliveries.filter(({ webhookId }) => webhookId === webhookIds[contract]);
    const { requests } = receivers[contract];
    return [
      ...(own.length === 0 ? ['there is no delivery'] : []),
      ...own
        .filter(({ status, attempts }) => status !== 'delivered' || attempts.length !== 1)
        .map(({ id, status, attempts }) => `${id} is ${[status, ...attempts.map(outcomeOf)].join(', ')}`),
      ...(requests.length === own.length ? [] : [`requests: ${requests.length} for ${own.length} deliveries`]),
      ...requests.filter(({ signatureValid }) => !signatureValid).map(({ eventId }) => `${eventId} was not verified`),
    ];
  };
  return contracts.map((contract) =>
    check(`${contract} contract: delivered, and verified by ${shown[contract].by}`, problemsOf(contract)),
  );
}
