import { constants } from 'node:os';

/** npm and some shells pass a Ctrl-C on to a process that got it from the terminal already. */
const sameKeyPressMs = 300;

export interface StopSignal {
  /** Resolves with the first SIGINT or SIGTERM. */
  requested: Promise<NodeJS.Signals>;
  /** The signal once it came. */
  received(): NodeJS.Signals | undefined;
}

/** From here on the first signal asks for a graceful stop, and a second one ends the process at once. */
export function listenForStop(): StopSignal {
  let first: { signal: NodeJS.Signals; at: number } | undefined;
  const requested = new Promise<NodeJS.Signals>((resolve) => {
    const onSignal = (signal: NodeJS.Signals) => {
      if (!first) {
        first = { signal, at: Date.now() };
        resolve(signal);
      } else if (Date.now() - first.at > sameKeyPressMs) {
        process.exit(exitCodeOf(signal));
      }
    };
    process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  });
  return { requested, received: () => first?.signal };
}

/**
 * Resolves once nobody reads what a command shows: the reader of its pipe is gone (`… | head`), or the terminal was closed.
 * From here on neither ends the process by itself: for commands that have something to undo.
 */
export function listenForNoReader(): Promise<void> {
  return new Promise((resolve) => {
    // Instead of what ends every other command (main.ts).
    process.stdout.removeAllListeners('error').on('error', () => resolve());
    process.once('SIGHUP', () => resolve());
  });
}

/** As shells have it: 128 and the signal's number. */
export function exitCodeOf(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal];
}
