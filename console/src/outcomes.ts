import { deliveryStatuses, type DeliveryStatus } from '../../src/domain/delivery';

/** The outcomes of deliveries as charts show them, the lowest of a stack first. */
export const outcomeSeries: readonly { status: DeliveryStatus; text: string; color: string }[] = [
  { status: 'delivered', text: 'Delivered', color: 'var(--good-line)' },
  { status: 'failed', text: 'Failed', color: 'var(--bad-line)' },
  { status: 'pending', text: 'Pending', color: 'var(--waiting-line)' },
  { status: 'cancelled', text: 'Cancelled', color: 'var(--line-strong)' },
];

export const isDeliveryStatus = (text: string | undefined): text is DeliveryStatus =>
  deliveryStatuses.some((status) => status === text);

/** `98.7 %`; a dash before there is anything to count. Never 100 % while something failed. */
export function percent(rate: number | null): string {
  if (rate === null) return '–';
  const shown = Math.floor(rate * 1000) / 10;
  return `${shown.toFixed(shown === 100 ? 0 : 1)} %`;
}
