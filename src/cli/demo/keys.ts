import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';

const keysDocument = z.object({ ENCRYPTION_KEYS: z.string(), TOKEN_SIGNING_KEY: z.string() });
export type DemoKeys = z.infer<typeof keysDocument>;

/** The keys of the demo's directory, made at the first call: what the demo's database holds needs them again. */
export async function demoKeys(directory: string): Promise<DemoKeys> {
  const file = path.join(directory, 'keys.json');
  const key = () => randomBytes(32).toString('base64');
  // A kid of its own: should the file get lost, a secret in an older database names the key that is missing.
  const made = { ENCRYPTION_KEYS: `demo-${randomBytes(4).toString('hex')}:${key()}`, TOKEN_SIGNING_KEY: key() };
  // Fails when it is there already; what counts is what stands there then.
  await writeFile(file, JSON.stringify(made), { mode: 0o600, flag: 'wx' }).catch(() => {});
  return keysDocument.parse(JSON.parse(await readFile(file, 'utf8')));
}
