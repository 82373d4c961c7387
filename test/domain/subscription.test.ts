import { isWildcard, matchesType, wantsEvent, type Subscriber } from '../../src/domain/subscription';

const webhook: Subscriber = {
  id: 'w1',
  contract: 'everhook',
  events: ['everhook.test'],
  channels: [],
  settings: {},
  disabled: false,
};
const event = { type: 'everhook.test', payload: {}, channel: null, webhookId: null };
const wants = (
  change: Partial<Subscriber>,
  happened: Partial<typeof event | { channel: string; webhookId: string }> = {},
) => wantsEvent({ ...webhook, ...change }, { ...event, ...happened });

it.each([
  ['everhook.test', 'everhook.test', true],
  ['everhook.test', 'everhook.tests', false],
  ['everhook.*', 'everhook.test', true],
  ['everhook.*', 'everhook', false],
  ['everhook.*', 'everhookx.test', false],
  ['consent:*', 'consent:approved', true],
  ['consent:*', 'before:consent:create', false],
  ['*', 'anything:at.all', true],
  ['a.b.*', 'a.b.c.d', true],
  ['ever*', 'everhook.test', false],
])('%s takes %s: %s', (pattern, type, taken) => {
  expect(matchesType(pattern, type)).toBe(taken);
});

it.each([
  ['*', true],
  ['invoice.*', true],
  ['consent:*', true],
  ['a.b.*', true],
  ['invoice*', false],
  ['.*', false],
  ['a..*', false],
  ['a.b:c.*', true],
  ['a.*.b', false],
  ['**', false],
  ['everhook.test', false],
])('%s is a wildcard: %s', (pattern, answer) => expect(isWildcard(pattern)).toBe(answer));

describe('an event goes to a webhook', () => {
  it('that subscribes to its type and is enabled', () => {
    expect(wants({})).toBe(true);
    expect(wants({ events: ['other'] })).toBe(false);
    expect(wants({ disabled: true })).toBe(false);
  });

  it('that it names, and then to no other', () => {
    expect(wants({}, { webhookId: 'w1' })).toBe(true);
    expect(wants({}, { webhookId: 'w2' })).toBe(false);
  });

  it('of its channel, or of no channel', () => {
    expect(wants({ channels: ['a', 'b'] }, { channel: 'b' })).toBe(true);
    expect(wants({ channels: ['a'] }, { channel: 'b' })).toBe(false);
    expect(wants({ channels: ['a'] })).toBe(false);
    expect(wants({}, { channel: 'b' })).toBe(true);
  });

  it("of another contract only when the type is that contract's", () => {
    expect(wants({ contract: 'sovrin', events: ['*'] })).toBe(false);
    expect(wants({ contract: 'sovrin', events: ['*'] }, { type: 'OpenIdCredentialIssued' })).toBe(true);
    expect(wants({ events: ['*'] }, { type: 'OpenIdCredentialIssued' })).toBe(true);
  });
});
