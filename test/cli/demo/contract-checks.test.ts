import type { DeliveryDocument } from '../../../src/cli/api-documents';
import { checkContracts, renderReceived } from '../../../src/cli/demo/contract-checks';
import type { WholeRequest } from '../../../src/cli/demo/receivers';
import { contracts, type Contract } from '../../../src/domain/webhook';

type Observed = Parameters<typeof checkContracts>[0];

const forEach = <Value>(make: (contract: Contract) => Value) =>
  Object.fromEntries(contracts.map((contract) => [contract, make(contract)])) as Record<Contract, Value>;

const requestOf = (contract: Contract): WholeRequest => ({
  eventId: `e-${contract}`,
  signatureValid: true,
  status: 200,
  method: 'POST',
  path: '/hooks',
  headers: { 'webhook-id': `e-${contract}`, 'webhook-signature': `v1,${'A'.repeat(90)}` },
  body: `{"type":"${contract}","text":"\u001b[2J"}`,
});

const delivered = (contract: Contract): DeliveryDocument => ({
  id: `d-${contract}`,
  eventId: `e-${contract}`,
  eventType: 't',
  webhookId: `w-${contract}`,
  status: 'delivered',
  createdAt: '2026-01-01T00:00:00.000Z',
  attempts: [{ number: 1, startedAt: '2026-01-01T00:00:00.000Z', durationMs: 1, statusCode: 200, errorClass: null }],
});

const asItMustBe = (): Observed & {
  receivers: Record<Contract, { requests: WholeRequest[] }>;
  deliveries: DeliveryDocument[];
} => ({
  webhookIds: forEach((contract) => `w-${contract}`),
  receivers: forEach((contract) => ({ requests: [requestOf(contract)] })),
  deliveries: [
    ...contracts.map(delivered),
    { ...delivered('tyk'), id: 'another', webhookId: 'w-another', status: 'failed' },
  ],
});

const problemsOf = (observed: Observed) =>
  checkContracts(observed)
    .filter(({ ok }) => !ok)
    .map(({ name, problem }) => `${name} -> ${problem}`)
    .join('\n');

test('all hold when each contract had its delivery, verified; others are not looked at', () => {
  expect(problemsOf(asItMustBe())).toBe('');
  expect(checkContracts(asItMustBe()).map(({ name }) => name.split(' ')[0])).toEqual([...contracts]);
});

test.each<[string, (observed: ReturnType<typeof asItMustBe>) => void, RegExp]>([
  [
    'a delivery that is missing',
    ({ deliveries }) => deliveries.splice(0, 1),
    new RegExp(`^${contracts[0]} .*there is no delivery`),
  ],
  [
    'a request without a valid signature',
    ({ receivers }) => (receivers.tyk.requests = [{ ...requestOf('tyk'), signatureValid: false }]),
    /^tyk .*e-tyk was not verified$/,
  ],
  ['a request that never came', ({ receivers }) => (receivers.iceye.requests = []), /^iceye .*requests: 0 for 1/],
  [
    'a delivery that failed',
    ({ deliveries }) => Object.assign(deliveries[1] ?? {}, { status: 'failed' }),
    / is failed, 200/,
  ],
])('%s is found', (_what, spoil, problem) => {
  const observed = asItMustBe();
  spoil(observed);
  expect(problemsOf(observed)).toMatch(problem);
});

test('what receivers see fits 80 columns and half of 40 lines, and redraws no screen', () => {
  const { receivers } = asItMustBe();
  receivers.celcoin.requests = [];
  receivers.tyk.requests = [{ ...requestOf('tyk'), signatureValid: false }];
  const lines = renderReceived(receivers).split('\n');
  expect(lines.length).toBeLessThanOrEqual(21);
  expect(Math.max(...lines.map(({ length }) => length))).toBeLessThan(80);
  expect(lines.join('')).not.toContain('\u001b');
  expect(lines).toContain('everhook  POST /hooks  signature verified (Standard Webhooks)');
  expect(lines).toContain('  webhook-id: e-everhook');
  expect(lines).toContain('tyk       POST /hooks  signature NOT verified');
  expect(lines).toContain('celcoin   nothing yet');
});
