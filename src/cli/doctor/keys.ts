import { createKms } from '../../platform/aws/kms';
import type { Config } from '../../platform/config';
import { createKeyring, type EncryptionKey } from '../../platform/keyring';
import { Secret } from '../../domain/secret';
import { createCiphertextStore } from '../../store/ciphertexts';
import type { Database } from '../../store/database';
import { createInstallationStore } from '../../store/installation';
import { describeFailure } from '../failure';
import { findingsOf, type Finding } from './finding';

const { ok, failed } = findingsOf('keys');

const probe = new Secret('doctor');
const place = { tenantId: 'platform', recordId: 'doctor', field: 'doctor' };
const restore =
  'add it to ENCRYPTION_KEYS, behind the first one: <id>:<its material>; what is stored under it is lost without';

/** Each key of the ring, and what is stored under keys. @param database null where it can't be asked */
export async function lookAtKeys(database: Database | null, config: Config): Promise<Finding[]> {
  const kms = createKms({ endpoint: config.AWS_ENDPOINT_URL ?? null });
  try {
    const ring = config.ENCRYPTION_KEYS;
    const findings: Finding[] = [];
    for (const key of ring) findings.push(await lookAtKey(key, key === ring[0], (keys) => createKeyring(keys, kms)));
    if (database === null) return findings;

    const keyring = createKeyring(ring, kms);
    const { kids, unknown, wrong } = await createCiphertextStore(database, keyring).storedKeys();
    const named = unknown.map((kid) => kid || '(none)');
    if (unknown.length > 0)
      findings.push(failed('stored secrets', `some are under keys that are missing: ${named.join(', ')}`, restore));
    if (wrong.length > 0) {
      const detail = `these keys are not those of that id that secrets are stored under: ${wrong.join(', ')}`;
      findings.push(failed('stored secrets', detail, 'give them the material they had, and new material a new id'));
    }
    if (unknown.length + wrong.length === 0) {
      findings.push(ok('stored secrets', kids.length === 0 ? 'there are none' : `are under ${kids.join(', ')}`));
    }
    if (!(await createInstallationStore(database, keyring).opensCanary())) {
      findings.push(failed('first key', 'the key that was the first one last is missing here', restore));
    }
    return findings;
  } finally {
    kms.close();
  }
}

async function lookAtKey(
  key: EncryptionKey,
  first: boolean,
  ringOf: (keys: EncryptionKey[]) => ReturnType<typeof createKeyring>,
): Promise<Finding> {
  const name = `key ${key.kid}`;
  const kind = `${'key' in key ? 'local' : 'AWS KMS'}, ${first ? 'encrypts' : 'decrypts'}`;
  try {
    const alone = ringOf([key]);
    await alone.decrypt(await alone.encrypt(probe, place), place);
    return ok(name, kind);
  } catch (error) {
    const arn = 'kmsKeyArn' in key ? key.kmsKeyArn : '';
    return failed(
      name,
      `${kind}: ${describeFailure(error).message}`,
      `aws kms describe-key --key-id ${arn}  # and allow kms:Encrypt, kms:Decrypt`,
    );
  }
}
