import { printable } from '../output';
import type { Paint, Tone } from '../paint';
import type { ReceivedDelivery } from './delivery';
import type { SignatureCheck, Verdict } from './verdict';

const tones: Record<Verdict['verdict'], Tone> = { genuine: 'good', 'not genuine': 'bad', unverified: 'waiting' };

/** A delivery for people: what it is, whether it is genuine and why, what was answered, and the body. */
export function deliveryText(delivery: ReceivedDelivery, paint: Paint): string {
  const { receivedAt, verdict, eventType, eventId, times, answered } = delivery;
  const clock = receivedAt.slice(11, 19);
  const head = [
    paint(clock, 'muted'),
    paint(verdict.toUpperCase(), tones[verdict]),
    paint(printable(eventType ?? 'no event type'), 'heading'),
    printable(eventId ?? ''),
    times > 1 ? paint(`(came ${times} times)`, 'waiting') : '',
  ];
  const by = answered.by === 'forward' ? `, by the app in ${answered.durationMs} ms` : '';
  const trouble = answered.error === null ? '' : `: it does not answer (${printable(answered.error)})`;
  const body = typeof delivery.body === 'string' ? delivery.body : JSON.stringify(delivery.body, null, 2);
  return [
    head.filter(Boolean).join('  '),
    ...delivery.checks.map((check) => `  ${signatureText(check)}`),
    `  ${printable(`${delivery.method} ${delivery.path}`)} → ${answered.status}${by}${trouble}`,
    ...body.split('\n').map((line) => paint(`  ${printable(line)}`, 'muted')),
    '',
  ].join('\n');
}

function signatureText({ scheme, genuine, code, reason }: SignatureCheck): string {
  if (genuine) return `${scheme}: genuine`;
  return `${scheme}: ${genuine === null ? 'not verified' : 'not genuine'}, ${reason ?? ''} (${code ?? ''})`;
}
