import { startChild } from './child';
import type { EventTarget } from './generator-questions';
import { loadResult, type ApplyLoad } from './load';

/** A process that publishes events. */
export interface Generator {
  pid: number;
  /** The load on one target. */
  towards(target: EventTarget): ApplyLoad;
  stop(): Promise<void>;
}

export async function startGenerator(): Promise<Generator> {
  const child = await startChild('generator-process.js');
  return {
    pid: child.pid,
    towards: (target) => (load) => child.ask({ target, load }, loadResult),
    stop: () => child.stop(),
  };
}
