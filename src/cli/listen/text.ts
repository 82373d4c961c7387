import { styleText } from 'node:util';
import { printable } from '../output';
import type { ReceivedDelivery } from './delivery';
import type { SignatureCheck, Verdict } from './verdict';

type Style = Parameters<typeof styleText>[0];
/** Puts a style on a text, or leaves it as it is. */
export type Paint = (style: Style, text: string) => string;

/** Colours on a terminal, unless `NO_COLOR` says otherwise (no-color.org). */
export function paintFor(terminal: boolean, env: NodeJS.ProcessEnv): Paint {
  return terminal && !env.NO_COLOR ? (style, text) => styleText(style, text) : (_style, text) => text;
}

const colours: Record<Verdict['verdict'], Style> = { genuine: 'green', 'not genuine': 'red', unverified: 'yellow' };

/** A delivery for people: what it is, whether it is genuine and why, what was answered, and the body. */
export function deliveryText(delivery: ReceivedDelivery, paint: Paint): string {
  const { receivedAt, verdict, eventType, eventId, times, answered } = delivery;
  const clock = receivedAt.slice(11, 19);
  const head = [
    paint('dim', clock),
    paint(colours[verdict], verdict.toUpperCase()),
    paint('bold', printable(eventType ?? 'no event type')),
    printable(eventId ?? ''),
    times > 1 ? paint('yellow', `(came ${times} times)`) : '',
  ];
  const by = answered.by === 'forward' ? `, by the app in ${answered.durationMs} ms` : '';
  const trouble = answered.error === null ? '' : `: it does not answer (${printable(answered.error)})`;
  const body = typeof delivery.body === 'string' ? delivery.body : JSON.stringify(delivery.body, null, 2);
  return [
    head.filter(Boolean).join('  '),
    ...delivery.checks.map((check) => `  ${signatureText(check)}`),
    `  ${printable(`${delivery.method} ${delivery.path}`)} → ${answered.status}${by}${trouble}`,
    ...body.split('\n').map((line) => paint('dim', `  ${printable(line)}`)),
    '',
  ].join('\n');
}

function signatureText({ scheme, genuine, code, reason }: SignatureCheck): string {
  if (genuine) return `${scheme}: genuine`;
  return `${scheme}: ${genuine === null ? 'not verified' : 'not genuine'}, ${reason ?? ''} (${code ?? ''})`;
}
