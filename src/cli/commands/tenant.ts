import type { Command } from 'commander';
import { name } from '../arguments';
import { createTenant } from '../new-client';
import { withOperatorDatabase } from '../operator-database';
import { facts, outputOf } from '../output';

export function addTenantCommands(program: Command): void {
  const tenant = program.command('tenant').description('the customers of this installation');

  tenant
    .command('create')
    .description('make a tenant and its first client, whose secret is shown this once')
    .requiredOption('--name <name>', 'what people call it', name)
    .addHelpText(
      'after',
      '\nExamples:\n  $ everhook tenant create --name Acme\n  $ everhook tenant create --name Acme --json',
    )
    .action(async (options: { name: string }, command: Command) => {
      const created = await withOperatorDatabase((database) => createTenant(database, options.name));
      const document = {
        tenantId: created.tenant.id,
        clientId: created.client.id,
        clientSecret: created.secret.reveal(),
      };
      const output = outputOf(command);
      output.answer(
        document,
        facts(
          {
            tenant: document.tenantId,
            'client id': document.clientId,
            'client secret': document.clientSecret,
          },
          output.paint,
        ),
      );
      if (!output.json) output.note('Keep the secret now: it is not stored and not shown again.');
    });
}
