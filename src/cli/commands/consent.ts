import { setTimeout as sleep } from 'node:timers/promises';
import { Option, type Command } from 'commander';
import { consentTypes } from '../../domain/consent/consent';
import { consentActions, consentStatuses, consentTransitions, type ConsentAction } from '../../domain/consent/machine';
import { apiClientFromEnvironment, type ApiClient } from '../api-client';
import { consentDocument, pageOf, read, type ConsentDocument } from '../api-documents';
import { consentId, instant, list, readStandardInput, wholeNumber } from '../arguments';
import { CommandFailure, exitCodes } from '../failure';
import { facts, outputOf, printable, table, type Output } from '../output';

interface CreateOptions {
  type: string;
  permissions: string[];
  expiration?: string;
}

interface ListOptions {
  status?: string;
  type?: string;
  limit?: number;
  cursor?: string;
}

const actionTexts: Record<ConsentAction, string> = {
  approve: 'approve it, within the time for a decision',
  reject: 'reject it, within the time for a decision',
  consume: 'consume it once it is approved or rejected, within the time for that',
  revoke: 'revoke it, undecided, approved or consumed',
};

const pollMs = 1_000;

export function addConsentCommands(program: Command): void {
  const consent = program.command('consent').description('consents with their deadlines, through the API');
  addCreate(consent);
  for (const action of consentActions) addAction(consent, action);
  addReads(consent);
  addWatch(consent);
}

function addCreate(consent: Command): void {
  consent
    .command('create')
    .description("create a consent that awaits its decision; the person's CPF number is read from standard input")
    .addOption(new Option('--type <type>', 'which stream it belongs to').choices(consentTypes).makeOptionMandatory())
    .requiredOption('--permissions <list>', 'permission codes of Open Finance Brasil, comma-separated', list)
    .option('--expiration <timestamp>', 'until when what is agreed on holds, at most 12 months ahead', instant)
    .addHelpText(
      'after',
      `
Example:
  $ everhook consent create --type DATA --permissions ACCOUNTS_READ,RESOURCES_READ < cpf`,
    )
    .action(async (options: CreateOptions, command: Command) => {
      const identification = await readStandardInput();
      const answer = await apiClientFromEnvironment(process.env).request('POST', '/api/v1/consents', {
        body: {
          type: options.type,
          loggedUser: { document: { identification, rel: 'CPF' } },
          permissions: options.permissions,
          expirationDateTime: options.expiration,
        },
      });
      outputOf(command).answer(answer, consentFacts(read(consentDocument, answer)));
    });
}

function addAction(consent: Command, action: ConsentAction): void {
  consent
    .command(action)
    .description(actionTexts[action])
    .argument('<id>', 'the consent', consentId)
    .option('--reason <text>', 'why, up to 500 characters; kept with the action')
    .action(async (id: string, { reason }: { reason?: string }, command: Command) => {
      const answer = await apiClientFromEnvironment(process.env).request('POST', `${pathOf(id)}/${action}`, {
        body: { reason },
      });
      const one = read(consentDocument, answer);
      const accepted = `Accepted at ${printable(one.acceptedAt ?? '')}. It will be carried out; until then:\n`;
      outputOf(command).answer(answer, (one.acceptedAt ? accepted : '') + consentFacts(one));
    });
}

function addReads(consent: Command): void {
  consent
    .command('show')
    .description('a consent')
    .argument('<id>', 'the consent', consentId)
    .action(async (id: string, _options: object, command: Command) => {
      const answer = await apiClientFromEnvironment(process.env).request('GET', pathOf(id));
      outputOf(command).answer(answer, consentFacts(read(consentDocument, answer)));
    });

  consent
    .command('list')
    .description('consents, newest first')
    .addOption(new Option('--status <status>', 'only with this status').choices(consentStatuses))
    .addOption(new Option('--type <type>', 'only of this type').choices(consentTypes))
    .option('--limit <number>', 'how many at once, 1 to 250', wholeNumber)
    .option('--cursor <cursor>', 'go on where an earlier list ended')
    .action(async (options: ListOptions, command: Command) => {
      const answer = await apiClientFromEnvironment(process.env).request('GET', '/api/v1/consents', {
        query: { ...options },
      });
      const page = read(pageOf(consentDocument), answer);
      const rows = page.data.map((one) => [one.consentId, one.type, one.status, one.createdAt, one.expiresAt ?? '']);
      const more = page.nextCursor ? `\nMore: --cursor ${printable(page.nextCursor)}` : '';
      outputOf(command).answer(answer, table(['CONSENT', 'TYPE', 'STATUS', 'CREATED', 'EXPIRES'], rows) + more);
    });
}

function addWatch(consent: Command): void {
  consent
    .command('watch')
    .description('every change of a consent as it happens, until nothing can happen any more; Ctrl-C ends it before')
    .argument('<id>', 'the consent', consentId)
    .addHelpText('after', '\nA line a change; with --json each is the consent as a JSON document.')
    .action((id: string, _options: object, command: Command) =>
      watch(apiClientFromEnvironment(process.env), id, outputOf(command)),
    );
}

async function watch(api: ApiClient, id: string, output: Output): Promise<void> {
  let shown: string | undefined;
  for (;;) {
    const answer = await api.request('GET', pathOf(id)).catch((error: unknown) => {
      // An outage passes; what is watched goes on.
      if (!(error instanceof CommandFailure) || error.exitCode !== exitCodes.unavailable) throw error;
      output.note(`everhook: ${error.message}`);
      return undefined;
    });
    if (answer !== undefined) {
      const one = read(consentDocument, answer);
      if (one.status !== shown) output.answer(answer, changeLine(one));
      shown = one.status;
      if (isOver(one)) return;
    }
    await sleep(pollMs);
  }
}

/** Nothing leads out of its status. */
const isOver = ({ status }: ConsentDocument) => consentTransitions.every(({ from }) => from !== status);

function changeLine({ statusUpdatedAt, status, expiresAt }: ConsentDocument): string {
  return printable(`${statusUpdatedAt}  ${status}${expiresAt ? `, expires at ${expiresAt}` : ''}`);
}

const pathOf = (id: string) => `/api/v1/consents/${id}`;

function consentFacts(one: ConsentDocument): string {
  return facts({
    consent: one.consentId,
    type: one.type,
    status: one.status,
    permissions: one.permissions.join(', '),
    created: one.createdAt,
    'status since': one.statusUpdatedAt,
    expires: one.expiresAt ?? undefined,
    workflow: one.temporalUrl ?? one.workflowId ?? undefined,
  });
}
