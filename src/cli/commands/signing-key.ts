import type { Command } from 'commander';
import { createKms } from '../../platform/aws/kms';
import { readKeyringConfig } from '../../platform/config';
import { createKeyring } from '../../platform/keyring';
import { createMessageSigningKeyStore } from '../../store/message-signing-keys';
import { withDatabase } from '../operator-database';
import { facts, outputOf } from '../output';

export function addSigningKeyCommands(program: Command): void {
  const signingKey = program
    .command('signing-key')
    .description('the Ed25519 keys of HTTP Message Signatures, published at /v1/webhooks/jwks');

  signingKey
    .command('rotate')
    .description('publish a new key now and sign with it once receivers can know it; the old one stays published')
    .addHelpText('after', '\nNeeds DATABASE_URL and ENCRYPTION_KEYS.')
    .action(async (_options: object, command: Command) => {
      const config = readKeyringConfig(process.env);
      const kms = createKms({ endpoint: config.AWS_ENDPOINT_URL ?? null });
      const keyring = createKeyring(config.ENCRYPTION_KEYS, kms);
      const rotated = await withDatabase(config.DATABASE_URL, (database) =>
        createMessageSigningKeyStore(database, keyring).rotate(new Date()),
      ).finally(() => kms.close());
      const document = { kid: rotated.kid, activeFrom: rotated.activeFrom.toISOString() };
      outputOf(command).answer(document, facts({ kid: document.kid, 'signs from': document.activeFrom }));
    });
}
