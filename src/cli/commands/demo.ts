import type { Command } from 'commander';
import { CommandFailure, exitCodes } from '../failure';
import { outputOf } from '../output';

export function addDemoCommand(program: Command): void {
  program
    .command('demo')
    .description(
      'start everything on this machine, deliver webhooks, make credentials, and show what happens until Ctrl-C',
    )
    .option('--once', 'check every outcome, stop everything, and exit with 0 only if all are as they must be')
    .addHelpText(
      'after',
      `
Finds or installs PostgreSQL, Temporal, and moto in place of AWS (DATABASE_URL, TEMPORAL_ADDRESS and AWS_ENDPOINT_URL
name your own). Without Python 3.10 there is no moto: credentials are left out then, and everything else is shown.
PORT and METRICS_PORT choose ports; without them it takes 3000 and 9464, or free ones.

Examples:
  $ everhook demo
  $ everhook demo --once --json`,
    )
    .action(async (options: { once?: boolean }, command: Command) => {
      const output = outputOf(command);
      if (output.json && !options.once) throw new CommandFailure('--json needs --once here', exitCodes.usage);
      const { runDemo } = await import('../demo/run.js');
      await runDemo(options.once === true, output);
    });
}
