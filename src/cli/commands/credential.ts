import { Option, type Command } from 'commander';
import { credentialStatuses, credentialTypes } from '../../domain/credential/credential';
import { readDatabaseConfig } from '../../platform/config';
import { createAuditStore } from '../../store/audit';
import { createCredentialStore } from '../../store/credentials';
import { apiClientFromEnvironment } from '../api-client';
import { credentialDocument, pageOf, read, type CredentialDocument } from '../api-documents';
import { uuid, wholeNumber } from '../arguments';
import { CommandFailure } from '../failure';
import { auditByCommandLine } from '../new-client';
import { withDatabase } from '../operator-database';
import { facts, outputOf, printable, table } from '../output';

interface ListOptions {
  status?: string;
  type?: string;
  limit?: number;
  cursor?: string;
}

export function addCredentialCommands(program: Command): void {
  const credential = program
    .command('credential')
    .description("credentials that portals asked for; never a key's value");

  credential
    .command('list')
    .description('credentials, newest first')
    .addOption(new Option('--status <status>', 'only with this status').choices(credentialStatuses))
    .addOption(new Option('--type <type>', 'only of this type').choices(credentialTypes))
    .option('--limit <number>', 'how many at once, 1 to 250', wholeNumber)
    .option('--cursor <cursor>', 'go on where an earlier list ended')
    .action(async ({ type, ...options }: ListOptions, command: Command) => {
      const answer = await apiClientFromEnvironment(process.env).request('GET', '/api/v1/credentials', {
        query: { ...options, credentialType: type },
      });
      const page = read(pageOf(credentialDocument), answer);
      const rows = page.data.map((one) => [one.id, one.credentialType, one.status, awsIdOf(one), one.appName]);
      const more = page.nextCursor ? `\nMore: --cursor ${printable(page.nextCursor)}` : '';
      outputOf(command).answer(answer, table(['CREDENTIAL', 'TYPE', 'STATUS', 'IN AWS', 'APP'], rows) + more);
    });

  credential
    .command('show')
    .description('a credential with every step on AWS')
    .argument('<id>', 'the credential', uuid)
    .action(async (id: string, _options: object, command: Command) => {
      const answer = await apiClientFromEnvironment(process.env).request('GET', `/api/v1/credentials/${id}`);
      outputOf(command).answer(answer, credentialText(read(credentialDocument, answer)));
    });

  credential
    .command('repair')
    .description('try again what is left of a failed compensation; the next sweep begins it')
    .requiredOption('--tenant <id>', 'the tenant', uuid)
    .argument('<id>', 'the credential, in the status compensation_failed', uuid)
    .action(async (id: string, { tenant }: { tenant: string }, command: Command) => {
      const { DATABASE_URL } = readDatabaseConfig(process.env);
      const acceptance = await withDatabase(DATABASE_URL, (database) => {
        const audit = createAuditStore(database);
        return createCredentialStore({ database, audit, deadlineMs: repairDeadlineMs }).acceptRepair(tenant, id, {
          ...auditByCommandLine,
          tenantId: tenant,
          action: 'credential.repair',
          objectType: 'credential',
          fields: [],
        });
      });
      if (acceptance.kind === 'not_found') throw new CommandFailure(`tenant ${tenant} has no credential ${id}`);
      if (acceptance.kind !== 'accepted') {
        throw new CommandFailure(`credential ${id} is ${acceptance.credential.status}: there is nothing to repair`);
      }
      outputOf(command).answer({ credentialId: id, accepted: true }, `Credential ${id} will be repaired.`);
    });
}

/** Nobody waits for a repair; it goes on after this. */
const repairDeadlineMs = 25_000;

const awsIdOf = ({ apiKeyId, clientId }: CredentialDocument) => apiKeyId ?? clientId ?? '';

function credentialText(one: CredentialDocument): string {
  const about = facts({
    credential: one.id,
    type: one.credentialType,
    status: one.status,
    'in AWS': awsIdOf(one) || undefined,
    app: one.appName,
    slug: one.appSlug ?? undefined,
    developer: one.developer,
    'usage plans': one.usagePlans.join(', ') || undefined,
    scopes: one.scopes.join(' ') || undefined,
    created: one.createdAt ?? undefined,
    workflow: one.temporalUrl ?? one.workflowId ?? undefined,
  });
  const rows = one.steps.map((step) => [step.at, step.operation ?? '', step.name, step.status, step.error ?? '']);
  return `${about}\n\n${table(['AT', 'OPERATION', 'STEP', 'STATUS', 'ERROR'], rows)}`;
}
