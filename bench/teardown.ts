/** What was started, stopped in reverse order. */
export interface Teardown {
  add(stop: () => Promise<unknown>): void;
  /** Stops everything, also after one of them failed; what is added later is stopped by the next call. */
  run(): Promise<void>;
}

export function createTeardown(onError: (error: unknown) => void): Teardown {
  const stops: (() => Promise<unknown>)[] = [];
  return {
    add: (stop) => void stops.push(stop),
    async run() {
      for (let stop = stops.pop(); stop; stop = stops.pop()) await stop().catch(onError);
    },
  };
}
