import type { Command } from 'commander';
import { createAuditStore } from '../../store/audit';
import { createTenantStore, scopes, type Scope } from '../../store/tenants';
import { name, scopeList, uuid } from '../arguments';
import { CommandFailure } from '../failure';
import { auditByCommandLine, createClient } from '../new-client';
import { withOperatorDatabase } from '../operator-database';
import { facts, outputOf, table } from '../output';
import { statusOf } from '../paint';

const noTenant = (id: string) => new CommandFailure(`there is no tenant ${id}`);

export function addClientCommands(program: Command): void {
  const client = program.command('client').description('the programs that act for a tenant');

  client
    .command('create')
    .description('make a client, whose secret is shown this once')
    .requiredOption('--tenant <id>', 'the tenant it acts for', uuid)
    .option('--name <name>', 'what people call it', name, 'client')
    .option(
      '--scopes <list>',
      `what it may do, comma-separated; everything unless said (${scopes.join(', ')})`,
      scopeList,
    )
    .addHelpText(
      'after',
      '\nExample:\n  $ everhook client create --tenant 01234567-… --name publisher --scopes events:publish,deliveries:read',
    )
    .action(async (options: { tenant: string; name: string; scopes?: Scope[] }, command: Command) => {
      const created = await withOperatorDatabase((database) =>
        createClient(database, { tenantId: options.tenant, name: options.name, scopes: options.scopes ?? scopes }),
      );
      if (!created) throw noTenant(options.tenant);
      const document = {
        tenantId: options.tenant,
        clientId: created.client.id,
        clientSecret: created.secret.reveal(),
        scopes: created.client.scopes,
      };
      const output = outputOf(command);
      output.answer(
        document,
        facts(
          {
            'client id': document.clientId,
            'client secret': document.clientSecret,
            scopes: document.scopes.join(' '),
          },
          output.paint,
        ),
      );
      if (!output.json) output.note('Keep the secret now: it is not stored and not shown again.');
    });

  client
    .command('list')
    .description('the clients of a tenant, newest first, revoked ones too')
    .requiredOption('--tenant <id>', 'the tenant', uuid)
    .action(async (options: { tenant: string }, command: Command) => {
      const clients = await withOperatorDatabase(async (database) => {
        const tenants = createTenantStore(database);
        if (!(await tenants.findTenant(options.tenant))) throw noTenant(options.tenant);
        return tenants.listClients(options.tenant);
      });
      const document = clients.map((one) => ({
        id: one.id,
        name: one.name,
        scopes: one.scopes,
        createdAt: one.createdAt.toISOString(),
        revokedAt: one.revokedAt?.toISOString() ?? null,
      }));
      const rows = document.map((one) => [
        one.id,
        one.name,
        one.revokedAt ? ({ text: `revoked ${one.revokedAt}`, tone: 'muted' } as const) : statusOf('active'),
        one.scopes.length === scopes.length ? 'all' : one.scopes.join(' '),
      ]);
      const output = outputOf(command);
      output.answer({ data: document }, table(['CLIENT', 'NAME', 'STATUS', 'SCOPES'], rows, output.paint));
    });

  client
    .command('revoke')
    .description('end a client: it gets no more tokens; revoking twice is one revocation')
    .requiredOption('--tenant <id>', 'the tenant', uuid)
    .argument('<client>', 'the id of the client', uuid)
    .action(async (id: string, options: { tenant: string }, command: Command) => {
      await withOperatorDatabase((database) =>
        database.transaction(async (within) => {
          const known = await createTenantStore(within).revokeClient(options.tenant, id);
          if (!known) throw new CommandFailure(`tenant ${options.tenant} has no client ${id}`);
          await createAuditStore(within).append({
            ...auditByCommandLine,
            tenantId: options.tenant,
            action: 'client.revoke',
            objectType: 'client',
            objectId: id,
            fields: [],
          });
        }),
      );
      outputOf(command).answer({ clientId: id, revoked: true }, `Client ${id} is revoked.`);
    });
}
