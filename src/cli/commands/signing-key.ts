import type { Command } from 'commander';
import { createKms } from '../../platform/aws/kms';
import { readKeyringConfig } from '../../platform/config';
import { createKeyring } from '../../platform/keyring';
import { createAuditStore } from '../../store/audit';
import { createMessageSigningKeyStore } from '../../store/message-signing-keys';
import { auditByCommandLine } from '../new-client';
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
        database.transaction(async (within) => {
          const key = await createMessageSigningKeyStore(within, keyring).rotate(new Date());
          await createAuditStore(within).append({
            ...auditByCommandLine,
            tenantId: null,
            action: 'signing_key.rotate',
            objectType: 'signing_key',
            objectId: key.kid,
            fields: [],
          });
          return key;
        }),
      ).finally(() => kms.close());
      const document = { kid: rotated.kid, activeFrom: rotated.activeFrom.toISOString() };
      const output = outputOf(command);
      output.answer(document, facts({ kid: document.kid, 'signs from': document.activeFrom }, output.paint));
    });
}
