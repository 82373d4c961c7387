/** What was started, to be stopped in reverse order. */
export interface Teardown {
  add(stop: () => Promise<void>): void;
  /** Stops everything, also when one of them fails to; says what did. */
  run(log: (line: string) => void): Promise<void>;
}

export function createTeardown(): Teardown {
  const stops: (() => Promise<void>)[] = [];
  return {
    add: (stop) => stops.push(stop),
    async run(log) {
      for (let stop = stops.pop(); stop; stop = stops.pop()) {
        await stop().catch((error: unknown) => log(`not stopped cleanly: ${String(error)}`));
      }
    },
  };
}
