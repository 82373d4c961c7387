import type { Command } from 'commander';
import { createAuditStore } from '../../store/audit';
import { createConsoleSessionStore, type ConsoleSession } from '../../store/console-sessions';
import type { Database } from '../../store/database';
import { createTenantStore, scopes, type Scope } from '../../store/tenants';
import { apiUrl } from '../api-url';
import { scopeList, uuid, wholeNumberFrom } from '../arguments';
import { makeConsoleLink } from '../console-link';
import { CommandFailure, exitCodes } from '../failure';
import { auditByCommandLine } from '../new-client';
import { withOperatorDatabase } from '../operator-database';
import { outputOf, table } from '../output';

interface LinkOptions {
  tenant?: string;
  operator?: true;
  scopes?: Scope[];
  minutes: number;
}

export function addConsoleCommands(program: Command): void {
  const group = program.command('console').description('who may use the web app at /console');

  group
    .command('link')
    .description('make a link that signs a browser in at the console, once')
    .option('--tenant <id>', 'the tenant it shows', uuid)
    .option('--operator', 'instead of one tenant: all of them')
    .option('--scopes <list>', 'what it may do, comma-separated; everything unless said', scopeList)
    .option('--minutes <number>', 'how long it can be used, 1 to 1440', wholeNumberFrom(1, 1_440), 15)
    .addHelpText(
      'after',
      '\nEVERHOOK_URL says where the console is, http://localhost:3000 unless set.' +
        '\n\nExamples:\n  $ everhook console link --tenant 01234567-…' +
        '\n  $ everhook console link --operator --scopes webhooks:read,deliveries:read',
    )
    .action(async (options: LinkOptions, command: Command) => {
      const { tenant = null, operator = false } = options;
      if ((tenant !== null) === operator) {
        throw new CommandFailure('it takes --tenant, or --operator for all of them', exitCodes.usage);
      }
      const base = apiUrl(process.env);
      const link = await withOperatorDatabase(async (database) => {
        if (tenant !== null && !(await createTenantStore(database).findTenant(tenant))) {
          throw new CommandFailure(`there is no tenant ${tenant}`);
        }
        const lifetimeMs = options.minutes * 60_000;
        return makeConsoleLink(database, { base, tenantId: tenant, scopes: options.scopes ?? scopes, lifetimeMs });
      });
      const { url } = link;
      const document = {
        linkId: link.id,
        url,
        tenantId: tenant,
        operator,
        scopes: link.scopes,
        expiresAt: link.expiresAt.toISOString(),
      };
      const output = outputOf(command);
      output.answer(document, url);
      if (output.json) return;
      output.note(`It opens the console once, until ${document.expiresAt}.`);
      output.note(`Until it is used, this takes it back: everhook console revoke ${link.id}`);
    });

  group
    .command('sessions')
    .description('who is signed in at the console, newest first')
    .option('--tenant <id>', 'of this tenant only', uuid)
    .action(async (options: { tenant?: string }, command: Command) => {
      const found = await withOperatorDatabase((database) => sessionsOf(database).list(options.tenant));
      const document = found.map((one) => ({
        id: one.id,
        tenantId: one.tenantId,
        clientId: one.clientId,
        scopes: one.scopes,
        createdAt: one.createdAt.toISOString(),
        lastSeenAt: one.lastSeenAt.toISOString(),
        expiresAt: one.expiresAt.toISOString(),
      }));
      const rows = found.map((one) => [one.id, whoIn(one), one.createdAt.toISOString(), one.lastSeenAt.toISOString()]);
      const output = outputOf(command);
      output.answer({ data: document }, table(['SESSION', 'WHO', 'SIGNED IN', 'LAST SEEN'], rows, output.paint));
    });

  group
    .command('revoke')
    .description('end a session of the console, or take back a link that was not used yet')
    .argument('<id>', 'of the session or the link', uuid)
    .action(async (id: string, _options: object, command: Command) => {
      const { session, link } = await withOperatorDatabase(async (database) => {
        const sessions = sessionsOf(database);
        const closed = await sessions.close({ id }, auditByCommandLine);
        return { session: closed, link: closed ? null : await sessions.revokeLink(id, auditByCommandLine) };
      });
      const output = outputOf(command);
      if (session) output.answer({ sessionId: id, revoked: true }, `Session ${id} is over.`);
      else if (link) output.answer({ linkId: id, revoked: true }, `Link ${id} opens nothing any more.`);
      else throw new CommandFailure(`there is no session ${id}, and no link that was not used yet`);
    });
}

function whoIn({ tenantId, clientId }: ConsoleSession): string {
  if (tenantId === null) return 'operator';
  return clientId ? `client ${clientId}` : `link of tenant ${tenantId}`;
}

const sessionsOf = (database: Database) => createConsoleSessionStore(database, createAuditStore(database));
