import type { Command } from 'commander';
import { logToStderr } from '../../../scripts/local-stack/log';
import { CommandFailure, exitCodes } from '../failure';
import { outputOf, type Output } from '../output';
import { exitCodeOf, listenForStop } from '../stop-signal';
import type { Check } from '../demo/checks';
import { Interrupted, startDemo } from '../demo/demo';
import { watch } from '../demo/live';
import { runOnce } from '../demo/once';
import { createTeardown } from '../demo/teardown';

/** What is being started when a signal comes may take this long to end; then the process ends without it. */
const stopWithinMs = 20_000;

export function addDemoCommand(program: Command): void {
  program
    .command('demo')
    .description('start everything on this machine, deliver to four receivers, and show what happens until Ctrl-C')
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
      await demo(options.once === true, output);
    });
}

async function demo(once: boolean, output: Output): Promise<void> {
  const stop = listenForStop();
  void stop.requested.then((signal) => {
    output.note('Stopping …');
    setTimeout(() => process.exit(exitCodeOf(signal)), stopWithinMs).unref();
  });
  const teardown = createTeardown();
  try {
    const running = await startDemo({ once, env: process.env, stop, teardown, log: logToStderr });
    if (once) report(await runOnce(running, stop, logToStderr), running.logFile, output);
    else await watch(running, stop);
  } catch (error) {
    const signal = stop.received();
    // A signal reaches the programs being installed too: their failure is no news then.
    if (!signal) throw error;
    if (!(error instanceof Interrupted)) output.note(error instanceof Error ? error.message : String(error));
    if (once) throw new CommandFailure('ended by a signal before everything was checked');
  } finally {
    await teardown.run(output.note);
  }
}

function report(checks: Check[], logFile: string, output: Output): void {
  const failed = checks.filter(({ ok }) => !ok);
  const lines = checks.map(({ name, ok, problem }) => `${ok ? '✓' : '✗'} ${name}${problem ? `: ${problem}` : ''}`);
  output.answer({ ok: failed.length === 0, checks }, lines.join('\n'));
  if (failed.length > 0)
    throw new CommandFailure(`${failed.length} of ${checks.length} checks failed; log in ${logFile}`);
}
