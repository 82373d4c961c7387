import { Option, type Command } from 'commander';
import type { Credential, Page } from '../../client';
import {
  credentialStatuses,
  credentialTypes,
  type CredentialStatus,
  type CredentialType,
} from '../../domain/credential/credential';
import { createAuditStore } from '../../store/audit';
import { createCredentialStore } from '../../store/credentials';
import { apiClientFromEnvironment } from '../api-client';
import { credentialDocument, pageOf, read, type CredentialDocument } from '../api-documents';
import { uuid } from '../arguments';
import { CommandFailure } from '../failure';
import { auditByCommandLine } from '../new-client';
import { withOperatorDatabase } from '../operator-database';
import { facts, outputOf, table } from '../output';
import { statusOf, type Paint } from '../paint';
import { cursorOption, limitOption, moreText, show, watchOption, type View } from '../view';

interface ListOptions {
  status?: CredentialStatus;
  type?: CredentialType;
  limit?: number;
  cursor?: string;
  watch?: true;
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
    .option(...limitOption)
    .option(...cursorOption)
    .option(...watchOption)
    .action(async ({ type: credentialType, watch, ...options }: ListOptions, command: Command) => {
      const { credentials } = apiClientFromEnvironment(process.env);
      const query = { ...options, ...(credentialType && { credentialType }) };
      await show(
        listView(() => credentials.list(query).page()),
        outputOf(command),
        watch,
      );
    });

  credential
    .command('show')
    .description('a credential with every step on AWS')
    .argument('<id>', 'the credential', uuid)
    .option(...watchOption)
    .action(async (id: string, { watch }: { watch?: true }, command: Command) => {
      const { credentials } = apiClientFromEnvironment(process.env);
      await show(
        credentialView(() => credentials.get(id)),
        outputOf(command),
        watch,
      );
    });

  credential
    .command('repair')
    .description('try again what is left of a failed compensation; the next sweep begins it')
    .requiredOption('--tenant <id>', 'the tenant', uuid)
    .argument('<id>', 'the credential, in the status compensation_failed', uuid)
    .action(async (id: string, { tenant }: { tenant: string }, command: Command) => {
      const acceptance = await withOperatorDatabase((database) => {
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

function listView(ask: () => Promise<Page<Credential>>): View<Page<Credential>> {
  return {
    ask,
    text(answer, paint) {
      const page = read(pageOf(credentialDocument), answer);
      const rows = page.data.map((one) => [
        one.id,
        one.credentialType,
        statusOf(one.status),
        awsIdOf(one),
        one.appName,
      ]);
      return table(['CREDENTIAL', 'TYPE', 'STATUS', 'IN AWS', 'APP'], rows, paint) + moreText(page.nextCursor);
    },
    items: ({ data }) => data.map(itemOf).reverse(),
  };
}

function credentialView(ask: () => Promise<Credential>): View<Credential> {
  return {
    ask,
    text: (answer, paint) => credentialText(read(credentialDocument, answer), paint),
    items: (answer) => [itemOf(answer)],
    isOver: ({ status }) => status !== 'provisioning' && status !== 'revoking',
  };
}

function itemOf(document: Credential) {
  const { id, status, steps } = read(credentialDocument, document);
  const last = steps.at(-1);
  const step = last ? `  ${[last.operation, last.name, last.status, last.error].filter(Boolean).join(' ')}` : '';
  return { id, state: JSON.stringify([status, steps]), line: `${id}  ${status}${step}`, document };
}

function credentialText(one: CredentialDocument, paint: Paint): string {
  const about = {
    credential: one.id,
    type: one.credentialType,
    status: statusOf(one.status),
    'in AWS': awsIdOf(one) || undefined,
    app: one.appName,
    slug: one.appSlug ?? undefined,
    developer: one.developer,
    'usage plans': one.usagePlans.join(', ') || undefined,
    scopes: one.scopes.join(' ') || undefined,
    created: one.createdAt ?? undefined,
    workflow: one.temporalUrl ?? one.workflowId ?? undefined,
  };
  const rows = one.steps.map((step) => [
    step.at,
    step.operation ?? '',
    step.name,
    statusOf(step.status),
    step.error ?? '',
  ]);
  return `${facts(about, paint)}\n\n${table(['AT', 'OPERATION', 'STEP', 'STATUS', 'ERROR'], rows, paint)}`;
}
