import type { Command } from 'commander';
import { CommandFailure, exitCodes } from '../failure';
import { outputOf } from '../output';

export function addDemoCommand(program: Command): void {
  program
    .command('demo')
    .description('start everything on this machine, deliver to five receivers, and show what happens until Ctrl-C')
    .option('--once', 'check every outcome, stop everything, and exit with 0 only if all are as they must be')
    .addHelpText(
      'after',
      `
Finds or installs PostgreSQL and Temporal (DATABASE_URL and TEMPORAL_ADDRESS name your own).
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
