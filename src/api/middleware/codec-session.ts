import { createHmac } from 'node:crypto';
import type { Secret } from '../../domain/secret';
import { sameDigest } from '../../platform/tokens';

/** A working day. */
const lifetimeMs = 12 * 3_600_000;
const cookieName = 'everhook_codec';

/**
 * The sign-in of an operator's browser, for the Web UI can't send a token of ours: a cookie that says until when, signed
 * with the codec token. A new token ends all of them.
 */
export function codecSession(token: Secret) {
  const sign = (until: string) => createHmac('sha256', token.reveal()).update(`codec session until ${until}`).digest();

  return {
    /** A `Set-Cookie`; `secure`: for https only. */
    open(now: number, { secure }: { secure: boolean }): string {
      const until = String(now + lifetimeMs);
      const value = `${until}.${sign(until).toString('base64url')}`;
      // The Web UI is of another origin and the same site: its port or its name under our domain differs.
      const attributes = ['Path=/codec', `Max-Age=${lifetimeMs / 1000}`, 'HttpOnly', 'SameSite=Strict'];
      return [`${cookieName}=${value}`, ...attributes, ...(secure ? ['Secure'] : [])].join('; ');
    },

    /** Whether a `Cookie` header has one that is signed and not over. */
    isOpen(cookies: string | undefined, now: number): boolean {
      const value = cookies
        ?.split(';')
        .map((one) => one.trim())
        .find((one) => one.startsWith(`${cookieName}=`))
        ?.slice(cookieName.length + 1);
      const [, until, signature] = /^(\d{1,15})\.([\w-]{43})$/.exec(value ?? '') ?? [];
      if (until === undefined || signature === undefined) return false;
      return sameDigest(Buffer.from(signature, 'base64url'), sign(until)) && now < Number(until);
    },
  };
}
