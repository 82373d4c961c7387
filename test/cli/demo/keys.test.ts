import { mkdtemp, rm, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { demoKeys } from '../../../src/cli/demo/keys';
import { parseEncryptionKeys } from '../../../src/platform/keyring';
import { parseTokenSigningKeys } from '../../../src/platform/tokens';

test('keys are made once, for nobody else to read, and are what the configuration takes', async () => {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'everhook-keys-'));
  try {
    const made = await demoKeys(directory);
    expect(await demoKeys(directory)).toEqual(made);
    expect((await stat(path.join(directory, 'keys.json'))).mode & 0o777).toBe(0o600);
    expect(parseEncryptionKeys(made.ENCRYPTION_KEYS)).toHaveLength(1);
    expect(parseTokenSigningKeys(made.TOKEN_SIGNING_KEY)).toHaveLength(1);
  } finally {
    await rm(directory, { recursive: true });
  }
});
