/** A server that may be crashed. It comes back at the same address, with what it had stored. */
export interface Crashable {
  /** Its processes die without finishing anything. */
  crash(): Promise<void>;
  /** Resolves when it answers again. */
  restart(): Promise<void>;
}

/**
 * Starts a server, and again whenever it is restarted.
 * @param death what its processes die of
 */
export async function crashable<Server extends { pid: number | null; stop(): Promise<void> }>(
  start: () => Promise<Server>,
  death: NodeJS.Signals,
): Promise<Crashable & { first: Server; pid(): number | null; stop(): Promise<void> }> {
  const first = await start();
  let running = first;
  return {
    first,
    pid: () => running.pid,
    stop: () => running.stop(),
    async crash() {
      if (running.pid !== null) process.kill(running.pid, death);
      // Waits for its end.
      await running.stop();
    },
    async restart() {
      running = await start();
    },
  };
}
