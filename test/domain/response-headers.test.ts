import { keptResponseHeaders } from '../../src/domain/response-headers';

const many = (count: number, value: string) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`x-filler-${index}`, value]));

describe('headers kept of an answer', () => {
  it('are as the receiver sent them', () => {
    const headers = { 'content-type': 'text/html; charset=utf-8', 'www-authenticate': 'Bearer error="invalid_token"' };
    expect(keptResponseHeaders({ ...headers, 'x-own': 'a b' })).toEqual({ ...headers, 'x-own': 'a b' });
    expect(keptResponseHeaders({})).toEqual({});
  });

  it.each([
    'set-cookie',
    'set-cookie2',
    'authorization',
    'proxy-authorization',
    'authentication-info',
    'x-amz-security-token',
    'x-auth-token',
    'x-api-key',
    'apikey',
    'x-csrf-token',
    'x-session-id',
    'x-client-secret',
    'x-signature-sha256',
    'x-user-password',
    'x-jwt-assertion',
  ])('have no value where that looks like a secret: %s', (name) => {
    expect(keptResponseHeaders({ [name]: 'hunter2' })).toEqual({ [name]: '[redacted]' });
  });

  it('have values that can be printed anywhere, of 256 characters at most', () => {
    const { tab, esc, umlaut, long, fits } = keptResponseHeaders({
      tab: 'a\tb',
      esc: '\u001b[2J',
      umlaut: 'Müller \ud83d',
      long: 'y'.repeat(8_000),
      fits: 'z'.repeat(256),
    });
    expect([tab, esc, umlaut]).toEqual(['a?b', '?[2J', 'M?ller ?']);
    expect(long).toBe(`${'y'.repeat(253)}...`);
    expect(fits).toBe('z'.repeat(256));
  });

  it('are 40 at most, with 4,096 characters at most; those that tell most come first', () => {
    const told = { 'retry-after': '30', 'content-type': 'text/plain' };
    const short = Object.keys(keptResponseHeaders({ ...many(200, 'v'), ...told }));
    expect(short).toHaveLength(40);
    expect(short.slice(0, 3)).toEqual(['content-type', 'retry-after', 'x-filler-0']);

    const long = keptResponseHeaders({ ...many(200, 'v'.repeat(8_000)), ...told });
    expect(long).toMatchObject(told);
    expect(Object.entries(long).flat().join('').length).toBeGreaterThan(3_800);
    expect(Object.entries(long).flat().join('').length).toBeLessThanOrEqual(4_096);
  });

  it('have names that are keys like any other', () => {
    const headers = Object.create(null) as Record<string, string>;
    Object.assign(headers, { ['n'.repeat(65)]: 'long', constructor: 'kept', server: 'nginx' });
    Object.defineProperty(headers, '__proto__', { value: 'polluted', enumerable: true });
    expect(Object.entries(keptResponseHeaders(headers))).toEqual([
      ['server', 'nginx'],
      ['constructor', 'kept'],
    ]);
  });
});
