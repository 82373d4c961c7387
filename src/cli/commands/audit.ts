import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Option, type Command } from 'commander';
import type { AuditEntry } from '../../store/audit';
import { createAuditReader, type AuditFilter, type AuditReader } from '../../store/audit-reader';
import { classifyStoreError, StoreUnavailable } from '../../store/database';
import { pastInstant, uuid, wholeNumber } from '../arguments';
import { auditDocument, auditFormats, auditLine, type AuditFormatName } from '../audit-text';
import { withOperatorDatabase } from '../operator-database';
import { outputOf, type Output } from '../output';

interface FilterOptions {
  tenant?: string;
  action?: string;
  since?: Date;
}

const pollMs = 1_000;
/**
 * An entry gets its id before its transaction is over, and other processes have clocks of their own: one that is older
 * than what was shown may still come for as long as this. No statement of ours may take so long.
 */
const lateMs = 30_000;

export function addAuditCommands(program: Command): void {
  const audit = program
    .command('audit')
    .description('who did what, over all tenants and for the installation itself; never a value');

  withFilter(audit.command('tail').description('the last entries of the audit log, the newest at the end'))
    .option('--limit <number>', 'how many at most, 20 unless said', wholeNumber, 20)
    .option('-f, --follow', 'go on with what comes, until Ctrl-C')
    .addHelpText('after', '\nA line an entry; with --json --follow each is a JSON document.\n\nNeeds DATABASE_URL.')
    .action(async (options: FilterOptions & { limit: number; follow?: true }, command: Command) => {
      const filter = filterOf(options);
      const output = outputOf(command);
      await withReader((reader) =>
        options.follow ? follow(reader, filter, options.limit, output) : tail(reader, filter, options.limit, output),
      );
    });

  withFilter(audit.command('export').description('the audit log on standard output, oldest first'))
    .option('--until <time>', 'only before then: a timestamp, or a duration back such as 24h', pastInstant)
    .addOption(
      new Option('--format <format>', 'a JSON document a line, or CSV with a heading')
        .choices(Object.keys(auditFormats))
        .default('jsonl'),
    )
    .addHelpText(
      'after',
      '\nExample:\n  $ everhook audit export --since 720h --format csv > audit.csv\n\nNeeds DATABASE_URL.',
    )
    .action(async ({ until, format, ...options }: FilterOptions & { until?: Date; format: AuditFormatName }) => {
      const filter = { ...filterOf(options), ...(until && { until }) };
      await withReader((reader) => write(reader, filter, format));
    });
}

function withFilter(command: Command): Command {
  return command
    .option('--tenant <id>', 'only of this tenant', uuid)
    .option('--action <action>', 'only this action, such as webhook.create')
    .option('--since <time>', 'only from then on: a timestamp, or a duration back such as 24h', pastInstant);
}

const filterOf = ({ tenant, action, since }: FilterOptions): AuditFilter => ({
  ...(tenant && { tenantId: tenant }),
  ...(action && { action }),
  ...(since && { since }),
});

function withReader(use: (reader: AuditReader) => Promise<void>): Promise<void> {
  return withOperatorDatabase((database) => use(createAuditReader(database)));
}

async function tail(reader: AuditReader, filter: AuditFilter, limit: number, output: Output): Promise<void> {
  const data = (await reader.latest(filter, limit)).map(auditDocument);
  output.answer({ data }, data.map(auditLine).join('\n'));
}

/** Looks back at every turn, so that entries which become visible out of their order are shown too. */
async function follow(reader: AuditReader, filter: AuditFilter, limit: number, output: Output): Promise<never> {
  const known = new Map<string, Date>();
  const show = (entry: AuditEntry) => {
    const document = auditDocument(entry);
    output.answer(document, auditLine(document));
    known.set(entry.id, entry.at);
  };
  let readUntil = new Date();
  // Entries that were there before those that are shown first: they are not news.
  for await (const { id, at } of reader.inOrder(lateFor(filter, readUntil))) known.set(id, at);
  for (const entry of await reader.latest(filter, limit)) show(entry);
  for (;;) {
    const now = new Date();
    try {
      for await (const entry of reader.inOrder(lateFor(filter, readUntil))) if (!known.has(entry.id)) show(entry);
      readUntil = now;
    } catch (error) {
      // An outage passes; what is followed goes on.
      if (!(classifyStoreError(error) instanceof StoreUnavailable)) throw error;
      output.note('everhook: the database is unavailable; trying again');
    }
    for (const [id, at] of known) if (at.getTime() < readUntil.getTime() - 2 * lateMs) known.delete(id);
    await sleep(pollMs);
  }
}

/** What may have come since everything before `time` was read. */
function lateFor(filter: AuditFilter, time: Date): AuditFilter {
  const from = new Date(time.getTime() - lateMs);
  return { ...filter, since: filter.since && filter.since > from ? filter.since : from };
}

/** As fast as its reader reads. */
async function write(reader: AuditReader, filter: AuditFilter, format: AuditFormatName): Promise<void> {
  const { head, line } = auditFormats[format];
  let text: string = head;
  for await (const entry of reader.inOrder(filter)) {
    text += line(auditDocument(entry));
    if (text.length < chunkLength) continue;
    if (!process.stdout.write(text)) await once(process.stdout, 'drain');
    text = '';
  }
  process.stdout.write(text);
}

const chunkLength = 64 * 1024;
