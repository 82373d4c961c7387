import { validate, version } from 'uuid';
import {
  deliveryIdOf,
  idsAt,
  isUuid,
  newId,
  nextId,
  randomName,
  smallestIdAt,
  timestampOfId,
} from '../../src/domain/ids';

const at = new Date('2026-01-15T09:30:00.123Z');

describe('an id', () => {
  it('is a UUIDv7 that carries its instant', () => {
    const id = newId(at);
    expect(version(id)).toBe(7);
    expect(timestampOfId(id)).toBe(at.getTime());
  });

  it('sorts by time as text', () => {
    const ids = [1, 2, 3].map((later) => newId(new Date(at.getTime() + later)));
    expect([...ids].sort()).toEqual(ids);
  });

  it('is new every time, within one millisecond too', () => {
    expect(new Set(Array.from({ length: 1_000 }, () => newId(at))).size).toBe(1_000);
  });

  it('is greater than the one before of the same millisecond where order counts', () => {
    const next = idsAt(at);
    const ids = Array.from({ length: 1_000 }, next);
    expect([...ids].sort()).toEqual(ids);
    expect(new Set(ids).size).toBe(1_000);
    expect(ids.every((id) => version(id) === 7 && timestampOfId(id) === at.getTime())).toBe(true);
    expect(new Set(Array.from({ length: 1_000 }, () => idsAt(at)())).size).toBe(1_000);
  });

  it('lies between the smallest of its own and of the next millisecond', () => {
    for (let turn = 0; turn < 100; turn += 1) {
      const id = newId(at);
      expect(id >= smallestIdAt(at)).toBe(true);
      expect(id < smallestIdAt(new Date(at.getTime() + 1))).toBe(true);
    }
  });
});

describe('the smallest id of an instant', () => {
  it.each([
    ['1970-01-01T00:00:00.000Z'],
    ['2026-01-15T09:30:00.123Z'],
    ['9999-12-31T23:59:59.999Z'],
    ['1969-07-20T20:17:40.000Z'],
    ['0001-01-01T00:00:00.000Z'],
  ])('is a UUID for %s, which any list may be asked for', (instant) => {
    expect(validate(smallestIdAt(new Date(instant)))).toBe(true);
  });

  it('of a time before ids began is the smallest of all', () => {
    expect(smallestIdAt(new Date('1969-07-20T20:17:40Z'))).toBe(smallestIdAt(new Date(0)));
  });
});

describe("a delivery's id", () => {
  const identity = { eventUid: newId(at), webhookId: newId(at), redelivery: 0, at };

  it('is the same for the same delivery, whoever makes it', () => {
    expect(deliveryIdOf(identity)).toBe(deliveryIdOf({ ...identity }));
    expect(version(deliveryIdOf(identity))).toBe(7);
    expect(timestampOfId(deliveryIdOf(identity))).toBe(at.getTime());
  });

  it('is another one for another event, webhook or redelivery', () => {
    const others = [
      identity,
      { ...identity, eventUid: newId(at) },
      { ...identity, webhookId: newId(at) },
      { ...identity, redelivery: 1 },
      { ...identity, redelivery: 2 },
    ];
    expect(new Set(others.map(deliveryIdOf)).size).toBe(others.length);
  });

  it('differs for each of many webhooks of one event, whose instant is one', () => {
    const ids = Array.from({ length: 5_000 }, () => deliveryIdOf({ ...identity, webhookId: newId(at) }));
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe('isUuid', () => {
  it.each([newId(), '00000000-0000-0000-0000-000000000000', newId().toUpperCase()])('takes %s', (text) => {
    expect(isUuid(text)).toBe(true);
  });

  it.each(['', 'x', newId().slice(1), `${newId()}\n`, ` ${newId()}`, newId().replaceAll('-', ''), `{${newId()}}`])(
    'refuses %j',
    (text) => {
      expect(isUuid(text)).toBe(false);
    },
  );
});

it('a random name is 22 characters that can stand in a URL, and new every time', () => {
  const names = Array.from({ length: 100 }, () => randomName());
  expect(new Set(names).size).toBe(100);
  for (const name of names) expect(name).toMatch(/^[A-Za-z0-9_-]{22}$/);
});

it('ids made one after the other are in that order, also within a millisecond', () => {
  const ids = Array.from({ length: 2_000 }, () => nextId());
  expect(ids).toEqual([...ids].sort());
  expect(new Set(ids).size).toBe(ids.length);
  expect(Math.abs(timestampOfId(ids[0] ?? '') - Date.now())).toBeLessThan(60_000);
});
