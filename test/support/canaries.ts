import { randomBytes } from 'node:crypto';

/** Values that must not turn up where nobody expects them, and the search for them. */

export interface Canary {
  name: string;
  value: string;
}

/** Where canaries are looked for. */
export interface Sink {
  name: string;
  content: Buffer;
}

export interface Sighting {
  canary: string;
  sink: string;
  /** Such as `plain` or `base64`. */
  form: string;
  around: string;
}

/** 24 letters and digits that exist nowhere else: the same in JSON, in URLs and in a quoted row. */
export function newCanary(name: string): Canary {
  return { name, value: `cnry${randomBytes(10).toString('hex')}` };
}

/**
 * A value in every way in which it could be written, alone or in the middle of something longer. base64 of a text depends
 * on where in it the value begins, so there are three, each without the characters that its neighbours decide.
 */
export function formsOf(value: string): Map<string, Buffer> {
  const bytes = Buffer.from(value);
  const hex = bytes.toString('hex');
  const forms = new Map([
    ['plain', value],
    ['JSON', JSON.stringify(value).slice(1, -1)],
    ['URL', encodeURIComponent(value)],
    ['form', new URLSearchParams([['', value]]).toString().slice(1)],
    ['hex', hex],
    ['upper-case hex', hex.toUpperCase()],
  ]);
  for (const offset of [0, 1, 2]) {
    for (const encoding of ['base64', 'base64url'] as const) {
      const encoded = Buffer.concat([Buffer.alloc(offset), bytes])
        .toString(encoding)
        .replaceAll('=', '');
      const decidedByOthersAtEnd = (offset + bytes.length) % 3 === 0 ? 0 : 1;
      forms.set(
        `${encoding} at ${offset}`,
        encoded.slice(offset === 0 ? 0 : offset + 1, encoded.length - decidedByOthersAtEnd),
      );
    }
  }
  return new Map([...forms].map(([name, text]) => [name, Buffer.from(text)]));
}

/** Every canary in every sink, in whatever form; each pair once. */
export function sightingsOf(canaries: readonly Canary[], sinks: readonly Sink[]): Sighting[] {
  return canaries.flatMap(({ name: canary, value }) => {
    const forms = [...formsOf(value)];
    return sinks.flatMap(({ name: sink, content }) => {
      const [found] = forms
        .map(([form, needle]) => ({ form, at: content.indexOf(needle) }))
        .filter(({ at }) => at >= 0);
      if (!found) return [];
      const around = content.subarray(Math.max(0, found.at - 120), found.at + 60).toString('utf8');
      return [{ canary, sink, form: found.form, around }];
    });
  });
}

/** All texts and bytes in an object, such as a history as Temporal's client gives it: payloads are bytes there, not base64. */
export function everythingIn(value: unknown): Buffer {
  const parts: Buffer[] = [];
  const visit = (one: unknown): void => {
    if (typeof one === 'string') parts.push(Buffer.from(`${one}\n`));
    else if (one instanceof Uint8Array) parts.push(Buffer.from(one), Buffer.from('\n'));
    else if (typeof one === 'object' && one !== null) {
      for (const [key, inner] of Object.entries(one)) {
        parts.push(Buffer.from(`${key}\n`));
        visit(inner);
      }
    }
  };
  visit(value);
  return Buffer.concat(parts);
}
