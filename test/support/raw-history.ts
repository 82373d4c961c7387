import type { Payload } from '@temporalio/common';
import { textsIn } from './texts';

export interface RawHistory {
  /** Everything that can be read without a key: strings, and payloads that are not encrypted; base64 in it decoded too. */
  readable: string;
  /** Where payloads stand that are not encrypted, as paths of field names without indexes. */
  plainPayloads: string[];
  encryptedPayloads: Payload[];
}

/** What whoever has Temporal's database, and no key of ours, can make of a run's history. */
export function rawHistory(history: unknown): RawHistory {
  const texts: string[] = [];
  const plainPayloads = new Set<string>();
  const encryptedPayloads: Payload[] = [];

  function walk(value: unknown, path: string): void {
    if (typeof value === 'string') {
      texts.push(value);
    } else if (isPayload(value)) {
      const isEncrypted = Buffer.from(value.metadata?.encoding ?? []).toString() === 'binary/encrypted';
      if (isEncrypted) encryptedPayloads.push(value);
      else plainPayloads.add(path);
      texts.push(...textsIn(value));
    } else if (value instanceof Uint8Array) {
      texts.push(Buffer.from(value).toString());
    } else if (Array.isArray(value)) {
      for (const one of value) walk(one, path);
    } else if (typeof value === 'object' && value !== null) {
      for (const [key, one] of Object.entries(value)) walk(one, path === '' ? key : `${path}.${key}`);
    }
  }
  walk(history, '');
  const decoded = texts.map((text) => Buffer.from(text, 'base64').toString());
  return { readable: [...texts, ...decoded].join('\n'), plainPayloads: [...plainPayloads].sort(), encryptedPayloads };
}

function isPayload(value: unknown): value is Payload {
  return typeof value === 'object' && value !== null && 'data' in value && value.data instanceof Uint8Array;
}
