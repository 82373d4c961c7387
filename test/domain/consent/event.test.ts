import { consentEventId, consentPayload, requestedPayload } from '../../../src/domain/consent/event';
import { consentIdOf, uuidOfConsentId } from '../../../src/domain/consent/id';
import { consentEvents, createdState, stepsUntil } from '../../../src/domain/consent/machine';
import { eventIdPattern } from '../../../src/domain/event';
import { newId } from '../../../src/domain/ids';

const createdAt = new Date('2026-03-01T12:00:00.000Z');
const subject = { id: '019ca9d0-0000-7000-8000-000000000001', type: 'DATA', createdAt } as const;
const durations = { decisionMs: 3_600_000, consumptionMs: 4_200_000 };
const created = createdState(createdAt, durations);
const base = {
  consentId: 'urn:everhook:019ca9d0-0000-7000-8000-000000000001',
  type: 'DATA',
  createdAt: '2026-03-01T12:00:00.000Z',
};

describe('the id of a consent', () => {
  it('is a URN of its UUID, there and back', () => {
    const id = newId();
    expect(consentIdOf(id)).toBe(`urn:everhook:${id}`);
    expect(uuidOfConsentId(consentIdOf(id))).toBe(id);
    expect(uuidOfConsentId(`urn:everhook:${id.toUpperCase()}`)).toBe(id);
  });

  it.each([
    '',
    'urn:everhook:',
    'urn:other:019ca9d0-0000-7000-8000-000000000001',
    newId(),
    'urn:everhook:x',
    `x${base.consentId}`,
  ])('is not %p', (text) => {
    expect(uuidOfConsentId(text)).toBeNull();
  });
});

describe('the id of an event', () => {
  it('follows from consent and event, and is one that publishers may have', () => {
    const ids = consentEvents.map((event) => consentEventId(subject.id, event));
    expect(new Set(ids).size).toBe(consentEvents.length);
    for (const id of ids) expect(id).toMatch(eventIdPattern);
    expect(consentEventId(subject.id, 'consent:approved')).toBe(`${base.consentId}:consent:approved`);
    expect(consentEventId(newId(), 'consent:approved')).not.toBe(ids[2]);
  });
});

describe('what an event says', () => {
  it('before there is a consent', () => {
    expect(requestedPayload(subject)).toEqual({
      ...base,
      status: 'REQUESTED',
      statusUpdateDateTime: '2026-03-01T12:00:00.000Z',
    });
  });

  it('while a deadline runs', () => {
    expect(consentPayload(subject, created)).toEqual({
      ...base,
      status: 'AWAITING_AUTHORISATION',
      statusUpdateDateTime: '2026-03-01T12:00:00.000Z',
      expiresAt: '2026-03-01T13:00:00.000Z',
    });
  });

  it('of an expiry: the deadline that passed, not the time at which it was noticed', () => {
    const [step] = stepsUntil(new Date('2026-03-01T13:06:00.000Z'), created, durations, []);
    expect(step && consentPayload(subject, step.to)).toEqual({
      ...base,
      status: 'EXPIRED',
      statusUpdateDateTime: '2026-03-01T13:00:00.000Z',
      expiredAt: '2026-03-01T13:00:00.000Z',
    });
  });
});
