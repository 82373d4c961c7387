import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Command } from 'commander';
import { addAuditCommands } from './commands/audit';
import { addClientCommands } from './commands/client';
import { addCompletionCommand } from './commands/completion';
import { addConsoleCommands } from './commands/console';
import { addConsentCommands } from './commands/consent';
import { addCredentialCommands } from './commands/credential';
import { addDeliveryCommands } from './commands/delivery';
import { addDeploymentCommands } from './commands/deployment';
import { addDemoCommand } from './commands/demo';
import { addDoctorCommand } from './commands/doctor';
import { addEventCommands } from './commands/event';
import { addEventTypeCommands } from './commands/event-type';
import { addKeysCommands } from './commands/keys';
import { addListenCommand } from './commands/listen';
import { addMigrateCommand } from './commands/migrate';
import { addReplayCommand } from './commands/replay';
import { addRetentionCommands } from './commands/retention';
import { addSensediaCommands } from './commands/sensedia';
import { addServiceCommands } from './commands/service';
import { addSigningKeyCommands } from './commands/signing-key';
import { addTenantCommands } from './commands/tenant';
import { addWebhookCommands } from './commands/webhook';

const overview = `
Settings are environment variables; the README has the table.
  webhook, event-type, event, delivery, consent, credential and listen --create speak to the API at EVERHOOK_URL
  (default http://localhost:3000) with EVERHOOK_TOKEN, or with EVERHOOK_CLIENT_ID and EVERHOOK_CLIENT_SECRET.
  migrate, tenant, client, console, signing-key, keys, audit, retention, sensedia and credential repair work on
  DATABASE_URL, deployment on TEMPORAL_ADDRESS; start, api, worker and doctor take all settings.
  demo, replay and completion need none.

Exit codes: 0 done, 1 failed, 2 wrong arguments or settings, 3 a service is unavailable.

Examples:
  $ everhook demo
  $ everhook migrate && everhook tenant create --name Acme
  $ everhook webhook create --url https://receiver.example/hooks --events 'invoice.*'
  $ everhook event publish --type invoice.paid --payload @event.json
  $ everhook delivery list --status failed --json`;

/** The command `everhook`. Commands throw; `main` turns that into a line and an exit code. */
export function createProgram(): Command {
  const program = new Command('everhook')
    .description('Durable webhooks on Temporal.')
    .version(packageVersion(), '-V, --version', 'print the version')
    .option('--json', 'answer with one JSON document on standard output; with --watch one a line for each change')
    .option(
      '--no-color',
      'no colours, as with NO_COLOR, or when standard output is not a terminal; FORCE_COLOR: colours',
    )
    .helpOption('-h, --help', 'print the help of a command')
    .helpCommand('help [command]', 'print the help of a command')
    .configureHelp({ showGlobalOptions: true })
    .showSuggestionAfterError()
    // Settings inherited by every command that is made below.
    .exitOverride()
    .configureOutput({
      outputError: (text, write) =>
        write(
          `${text
            .trim()
            .replace(/^error: /, 'everhook: ')
            .replaceAll('\n', ' ')}\n`,
        ),
    })
    .addHelpText('after', overview);

  addDemoCommand(program);
  addMigrateCommand(program);
  addServiceCommands(program);
  addDoctorCommand(program);
  addDeploymentCommands(program);
  addTenantCommands(program);
  addClientCommands(program);
  addConsoleCommands(program);
  addSigningKeyCommands(program);
  addKeysCommands(program);
  addAuditCommands(program);
  addRetentionCommands(program);
  addReplayCommand(program);
  addWebhookCommands(program);
  addEventTypeCommands(program);
  addEventCommands(program);
  addListenCommand(program);
  addDeliveryCommands(program);
  addConsentCommands(program);
  addSensediaCommands(program);
  addCredentialCommands(program);
  addCompletionCommand(program);
  return program;
}

function packageVersion(): string {
  const file = path.resolve(__dirname, '..', '..', '..', 'package.json');
  const { version }: { version: string } = JSON.parse(readFileSync(file, 'utf8'));
  return version;
}
