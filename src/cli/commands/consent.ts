import { Option, type Command } from 'commander';
import type { Consent, NewConsent, Page } from '../../client';
import { consentTypes, type ConsentType } from '../../domain/consent/consent';
import {
  consentActions,
  consentStatuses,
  consentTransitions,
  type ConsentAction,
  type ConsentStatus,
} from '../../domain/consent/machine';
import { apiClientFromEnvironment } from '../api-client';
import { consentDocument, pageOf, read, type ConsentDocument } from '../api-documents';
import { consentId, instant, list, readStandardInput } from '../arguments';
import { facts, outputOf, printable, table } from '../output';
import { statusOf, type Paint } from '../paint';
import { cursorOption, limitOption, moreText, show, watch, watchOption, type View } from '../view';

interface CreateOptions {
  type: ConsentType;
  /** Whatever was written: the API says which there are. */
  permissions: NewConsent['permissions'];
  expiration?: string;
}

interface ListOptions {
  status?: ConsentStatus;
  type?: ConsentType;
  limit?: number;
  cursor?: string;
  watch?: true;
}

const actionTexts: Record<ConsentAction, string> = {
  approve: 'approve it, within the time for a decision',
  reject: 'reject it, within the time for a decision',
  consume: 'consume it once it is approved or rejected, within the time for that',
  revoke: 'revoke it, undecided, approved or consumed',
};

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
      const { consents } = apiClientFromEnvironment(process.env);
      const identification = await readStandardInput('the CPF number');
      const answer = await consents.create({
        type: options.type,
        loggedUser: { document: { identification, rel: 'CPF' } },
        permissions: options.permissions,
        ...(options.expiration !== undefined && { expirationDateTime: options.expiration }),
      });
      const output = outputOf(command);
      output.answer(answer, consentFacts(read(consentDocument, answer), output.paint));
    });
}

function addAction(consent: Command, action: ConsentAction): void {
  consent
    .command(action)
    .description(actionTexts[action])
    .argument('<id>', 'the consent', consentId)
    .option('--reason <text>', 'why, up to 500 characters; kept with the action')
    .action(async (id: string, { reason }: { reason?: string }, command: Command) => {
      const answer = await apiClientFromEnvironment(process.env).consents[action](id, {
        ...(reason !== undefined && { reason }),
      });
      const one = read(consentDocument, answer);
      const accepted = `Accepted at ${printable(one.acceptedAt ?? '')}. It will be carried out; until then:\n`;
      const output = outputOf(command);
      output.answer(answer, (one.acceptedAt ? accepted : '') + consentFacts(one, output.paint));
    });
}

function addReads(consent: Command): void {
  consent
    .command('show')
    .description('a consent')
    .argument('<id>', 'the consent', consentId)
    .option(...watchOption)
    .action(async (id: string, options: { watch?: true }, command: Command) => {
      await show(consentView(id), outputOf(command), options.watch);
    });

  consent
    .command('list')
    .description('consents, newest first')
    .addOption(new Option('--status <status>', 'only with this status').choices(consentStatuses))
    .addOption(new Option('--type <type>', 'only of this type').choices(consentTypes))
    .option(...limitOption)
    .option(...cursorOption)
    .option(...watchOption)
    .action(async ({ watch: isWatched, ...query }: ListOptions, command: Command) => {
      const { consents } = apiClientFromEnvironment(process.env);
      await show(
        listView(() => consents.list(query).page()),
        outputOf(command),
        isWatched,
      );
    });
}

function addWatch(consent: Command): void {
  consent
    .command('watch')
    .description('every change of a consent as it happens, until nothing can happen any more; Ctrl-C ends it before')
    .argument('<id>', 'the consent', consentId)
    .addHelpText('after', '\nA line a change; with --json each is the consent as a JSON document.')
    .action((id: string, _options: object, command: Command) =>
      watch(consentView(id), outputOf(command), { lines: true }),
    );
}

function listView(ask: () => Promise<Page<Consent>>): View<Page<Consent>> {
  return {
    ask,
    text(answer, paint) {
      const page = read(pageOf(consentDocument), answer);
      const rows = page.data.map((one) => [
        one.consentId,
        one.type,
        statusOf(one.status),
        one.createdAt,
        one.expiresAt ?? '',
      ]);
      return table(['CONSENT', 'TYPE', 'STATUS', 'CREATED', 'EXPIRES'], rows, paint) + moreText(page.nextCursor);
    },
    items: ({ data }) =>
      data.map((one) => ({ ...itemOf(one), line: `${one.consentId}  ${itemOf(one).line}` })).reverse(),
  };
}

function consentView(id: string): View<Consent> {
  const { consents } = apiClientFromEnvironment(process.env);
  return {
    ask: () => consents.get(id),
    text: (answer, paint) => consentFacts(read(consentDocument, answer), paint),
    items: (answer) => [itemOf(answer)],
    // Nothing leads out of its status.
    isOver: ({ status }) => consentTransitions.every(({ from }) => from !== status),
  };
}

function itemOf(document: Consent) {
  const { consentId: id, status, statusUpdatedAt, expiresAt } = read(consentDocument, document);
  const line = `${statusUpdatedAt}  ${status}${expiresAt ? `, expires at ${expiresAt}` : ''}`;
  return { id, state: status, line, document };
}

function consentFacts(one: ConsentDocument, paint: Paint): string {
  return facts(
    {
      consent: one.consentId,
      type: one.type,
      status: statusOf(one.status),
      permissions: one.permissions.join(', '),
      created: one.createdAt,
      'status since': one.statusUpdatedAt,
      expires: one.expiresAt ?? undefined,
      workflow: one.temporalUrl ?? one.workflowId ?? undefined,
    },
    paint,
  );
}
