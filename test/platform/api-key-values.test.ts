import { Secret } from '../../src/domain/secret';
import { apiKeyValueOf } from '../../src/platform/api-key-values';

const credential = { tenantId: 'tenant', credentialId: 'credential', salt: 'salt' };
const value = (over: Partial<typeof credential> = {}, key = 'key') =>
  apiKeyValueOf(new Secret(key), { ...credential, ...over }).reveal();

describe('the value of an API key', () => {
  it('is one that AWS takes, and prints as nothing', () => {
    expect(value()).toMatch(/^[A-Za-z0-9]{40}$/);
    expect(`${apiKeyValueOf(new Secret('key'), credential)}`).toBe('[redacted]');
  });

  it('is the same for the same credential, whoever makes it', () => {
    expect(value()).toBe(value());
  });

  it('is another for another credential, tenant, salt or key', () => {
    const others = [
      value({ tenantId: 'other' }),
      value({ credentialId: 'other' }),
      value({ salt: 'other' }),
      value({ tenantId: 'tenantc', credentialId: 'redential' }),
      value({}, 'other'),
    ];
    expect(new Set([value(), ...others]).size).toBe(6);
  });

  it('uses its alphabet evenly', () => {
    const letters = Array.from({ length: 500 }, (_, index) => value({ salt: String(index) })).join('');
    const counts = new Map<string, number>();
    for (const letter of letters) counts.set(letter, (counts.get(letter) ?? 0) + 1);
    expect(counts.size).toBe(62);
    expect(Math.max(...counts.values())).toBeLessThan(1.4 * (letters.length / 62));
  });
});
