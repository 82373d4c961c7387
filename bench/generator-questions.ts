import { z } from 'zod';
import { deliveryId, message } from './delivery-id';
import { loadQuestion } from './load';

/** Where events are published, and how. */
const eventTarget = z.object({
  port: z.number(),
  authorization: z.string(),
  type: z.string(),
  /** 1: a request an event; more: a batch a request. */
  perRequest: z.number(),
});
export type EventTarget = z.infer<typeof eventTarget>;

export const generatorQuestion = z.object({ target: eventTarget, load: loadQuestion });

/** A whole request that publishes the events from `first` up to before `end`. */
export function eventRequest(target: EventTarget, group: string, first: number, end: number): string {
  const event = (index: number) =>
    `{"id":"${deliveryId(group, index)}","type":"${target.type}","payload":{"message":"${message}"}}`;
  const isBatch = target.perRequest > 1;
  const events = Array.from({ length: end - first }, (_, offset) => event(first + offset)).join(',');
  const body = isBatch ? `{"events":[${events}]}` : events;
  return (
    `POST /api/v1/events${isBatch ? '/batch' : ''} HTTP/1.1\r\nhost: 127.0.0.1:${target.port}\r\n` +
    `authorization: ${target.authorization}\r\ncontent-type: application/json\r\n` +
    `content-length: ${body.length}\r\n\r\n${body}`
  );
}
