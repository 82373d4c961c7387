import { contentDigest, eventIdPattern, type NewEvent } from '../../src/domain/event';

const event: NewEvent = {
  eventId: 'evt_1',
  type: 'everhook.test',
  payload: { a: 1, b: { c: [1, 2, { d: 'ä' }], e: null } },
  occurredAt: null,
  webhookId: null,
  channel: null,
};
const digest = (change: Partial<NewEvent>) => contentDigest({ ...event, ...change }).toString('hex');

describe("the digest of an event's content", () => {
  it('is SHA-256, the same for the same content in any key order', () => {
    expect(contentDigest(event)).toHaveLength(32);
    const turned = { b: { e: null, c: [1, 2, { d: 'ä' }] }, a: 1 };
    expect(digest({ payload: turned })).toBe(digest({}));
  });

  it('says nothing of the id: two events may have one content', () => {
    expect(digest({ eventId: 'evt_2' })).toBe(digest({}));
  });

  it.each<[string, Partial<NewEvent>]>([
    ['type', { type: 'everhook.other' }],
    ['value', { payload: { ...event.payload, a: 2 } }],
    ['kind of a value', { payload: { ...event.payload, a: '1' } }],
    ['order of a list', { payload: { a: 1, b: { c: [2, 1, { d: 'ä' }], e: null } } }],
    ['absent instead of null', { payload: { a: 1, b: { c: [1, 2, { d: 'ä' }] } } }],
    ['further key', { payload: { ...event.payload, z: 0 } }],
    ['key named __proto__', { payload: JSON.parse('{"__proto__":{"x":1},"a":1}') }],
    ['instant', { occurredAt: new Date('2026-01-15T09:30:00Z') }],
    ['webhook', { webhookId: '0195d2a0-0000-7000-8000-000000000000' }],
  ])('differs for another %s', (_name, change) => {
    expect(digest(change)).not.toBe(digest({}));
  });

  it('tells payloads apart by a key named __proto__', () => {
    const payload = (text: string) => ({ payload: JSON.parse(text) as NewEvent['payload'] });
    expect(digest(payload('{"__proto__":{"x":1}}'))).not.toBe(digest(payload('{"__proto__":{"x":2}}')));
  });
});

describe("a publisher's event id", () => {
  it.each(['a', 'evt_1', 'A-Z:0_9', 'x'.repeat(128)])('may be %s', (id) => {
    expect(eventIdPattern.test(id)).toBe(true);
  });

  it.each(['', 'a.b', 'a b', 'ä', 'a\n', 'a/b', 'x'.repeat(129)])('may not be %j', (id) => {
    expect(eventIdPattern.test(id)).toBe(false);
  });
});
