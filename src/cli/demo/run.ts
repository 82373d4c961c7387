import { logToStderr } from '../../../scripts/local-stack/log';
import { CommandFailure } from '../failure';
import type { Output } from '../output';
import { exitCodeOf, listenForStop } from '../stop-signal';
import type { Check } from './checks';
import { Interrupted, startDemo, type Demo } from './demo';
import { watch } from './live';
import { runOnce } from './once';
import { createTeardown } from './teardown';

/**
 * How long things may take to stop; then the process ends without waiting, and takes with it what it started. A server
 * is up and can be stopped within moments, while what else takes long to start is an installation.
 */
const stopWithinMs = { starting: 10_000, running: 30_000 };

/** The whole demo; whatever happens, nothing that it started is left behind. */
export async function runDemo(once: boolean, output: Output): Promise<void> {
  let phase: keyof typeof stopWithinMs = 'starting';
  const stop = listenForStop();
  void stop.requested.then((signal) => {
    output.note('Stopping … (a second signal ends it at once)');
    setTimeout(() => process.exit(exitCodeOf(signal)), stopWithinMs[phase]).unref();
  });
  const teardown = createTeardown();
  try {
    const running = await startDemo({ once, env: process.env, stop, teardown, log: logToStderr });
    phase = 'running';
    if (once) report(await runOnce(running, stop, logToStderr), running, output);
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

/** What was left out is no failure, and is said: nobody should take it for checked. */
function report(checks: Check[], { credentials, logFile }: Demo, output: Output): void {
  const failed = checks.filter(({ ok }) => !ok);
  const leftOut = typeof credentials === 'string' ? { credentials } : {};
  const lines = [
    ...checks.map(({ name, ok, problem }) => `${ok ? '✓' : '✗'} ${name}${problem ? `: ${problem}` : ''}`),
    ...Object.entries(leftOut).map(([part, why]) => `- ${part} left out: ${why}`),
  ];
  output.answer({ ok: failed.length === 0, checks, leftOut }, lines.join('\n'));
  if (failed.length > 0)
    throw new CommandFailure(`${failed.length} of ${checks.length} checks failed; log in ${logFile}`);
}
