import type { Command } from 'commander';
import { createKms } from '../../platform/aws/kms';
import { readKeyringConfig } from '../../platform/config';
import { createKeyring, type EncryptionKey } from '../../platform/keyring';
import { createAuditStore, type AuditStore } from '../../store/audit';
import { createCiphertextStore, type CiphertextStore, type KeyUse, type RewrapProgress } from '../../store/ciphertexts';
import { CommandFailure } from '../failure';
import { auditByCommandLine } from '../new-client';
import { withDatabase } from '../operator-database';
import { outputOf, table, type Output } from '../output';
import { statusOf, type Paint } from '../paint';
import { listenForStop } from '../stop-signal';

/** A key of the ring, or one that something is stored under. */
interface KeyDocument {
  kid: string;
  state: 'current' | 'readable' | 'missing';
  /** Null: unknown, it is missing. */
  source: 'local' | 'kms' | null;
  stored: number;
  where: { table: string; column: string; count: number }[];
}

export function addKeysCommands(program: Command): void {
  const keys = program.command('keys').description('the keys of ENCRYPTION_KEYS, and what is stored under them');

  keys
    .command('list')
    .description('every key with how many stored secrets use it, those that ENCRYPTION_KEYS lacks included')
    .addHelpText('after', '\nNeeds DATABASE_URL and ENCRYPTION_KEYS. Reads every stored secret, and opens none.')
    .action(async (_options: object, command: Command) => {
      const documents = await withCiphertexts(async (ciphertexts, ring) => keysOf(ring, await ciphertexts.uses()));
      const output = outputOf(command);
      output.answer({ keys: documents }, keysText(documents, output.paint));
    });

  keys
    .command('rewrap')
    .description('put everything under the first key of ENCRYPTION_KEYS, while API and workers go on')
    .addHelpText(
      'after',
      '\nNeeds DATABASE_URL and ENCRYPTION_KEYS. Ctrl-C ends it after what is under way; running it again goes on with the' +
        '\nrest. Progress is told on standard error, with --json as JSON lines. Exits with 1 when something is left.',
    )
    .action(async (_options: object, command: Command) => {
      const output = outputOf(command);
      const stop = listenForStop();
      const abort = new AbortController();
      void stop.requested.then(() => abort.abort());
      const { outcome, documents } = await withCiphertexts(async (ciphertexts, ring, audit) => {
        const outcome = await ciphertexts.rewrap({
          onProgress: (progress) => tell(output, progress),
          signal: abort.signal,
        });
        if (outcome.rewrapped > 0) {
          const object = { action: 'keys.rewrap', objectType: 'encryption_key', objectId: ring[0]?.kid ?? '' };
          await audit.append({ ...auditByCommandLine, tenantId: null, ...object, fields: [] });
        }
        return { outcome, documents: keysOf(ring, await ciphertexts.uses()) };
      });
      const left = documents.filter(({ state, stored }) => state !== 'current' && stored > 0);
      const facts = [
        `Re-wrapped: ${outcome.rewrapped}.`,
        outcome.changedMeanwhile > 0 ? ` Changed by others meanwhile: ${outcome.changedMeanwhile}.` : '',
        outcome.unreadable > 0 ? ` Can not be opened: ${outcome.unreadable}.` : '',
      ].join('');
      output.answer({ ...outcome, keys: documents }, `${facts}\n\n${keysText(documents, output.paint)}`);
      if (outcome.interrupted) throw new CommandFailure('interrupted; running it again goes on with the rest');
      if (left.length > 0) {
        const each = left.map(({ kid, stored }) => `${stored} under ${kid || '(none)'}`).join(', ');
        throw new CommandFailure(`not everything is under the first key: ${each}`);
      }
    });
}

/** A column of a large table is read whole, which may take longer than any statement of a service may. */
async function withCiphertexts<Result>(
  use: (ciphertexts: CiphertextStore, ring: readonly EncryptionKey[], audit: AuditStore) => Promise<Result>,
): Promise<Result> {
  const config = readKeyringConfig(process.env);
  const kms = createKms({ endpoint: config.AWS_ENDPOINT_URL ?? null });
  try {
    const keyring = createKeyring(config.ENCRYPTION_KEYS, kms);
    return await withDatabase(
      config.DATABASE_URL,
      (database) => use(createCiphertextStore(database, keyring), config.ENCRYPTION_KEYS, createAuditStore(database)),
      { max: 4, statementTimeoutMs: 0 },
    );
  } finally {
    kms.close();
  }
}

function tell(output: Output, progress: RewrapProgress): void {
  const { table: name, column, rewrapped, of } = progress;
  output.note(output.json ? JSON.stringify(progress) : `${name}.${column}: ${rewrapped} of ${of}`);
}

function keysOf(ring: readonly EncryptionKey[], uses: readonly KeyUse[]): KeyDocument[] {
  const kids = [...new Set([...ring, ...uses].map(({ kid }) => kid))];
  return kids.map((kid) => {
    const key = ring.find((one) => one.kid === kid);
    const where = uses
      .filter((use) => use.kid === kid)
      .map(({ table: name, column, count }) => ({ table: name, column, count }));
    return {
      kid,
      state: key === undefined ? 'missing' : key === ring[0] ? 'current' : 'readable',
      source: key === undefined ? null : 'key' in key ? 'local' : 'kms',
      stored: where.reduce((sum, { count }) => sum + count, 0),
      where,
    };
  });
}

function keysText(documents: readonly KeyDocument[], paint: Paint): string {
  const rows = documents.map(({ kid, state, source, stored, where }) => [
    kid || '(none)',
    state === 'missing' ? ({ text: 'not in ENCRYPTION_KEYS', tone: 'bad' } as const) : statusOf(state),
    source ?? '',
    String(stored),
    where.map(({ table: name, count }) => `${name} ${count}`).join(', '),
  ]);
  return table(['KEY', 'STATE', 'SOURCE', 'STORED', 'WHERE'], rows, paint);
}
