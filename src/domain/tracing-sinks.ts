import type { TraceContext } from './trace-context';

/** What workflow code tells its worker about its trace: calls that leave nothing in a history. */
export type TracingSinks = {
  tracing: {
    /** The run is over, or goes on as a new one. `errorType`: a class of error; null: it did not fail. */
    ended(parent: TraceContext, errorType: string | null): void;
  };
};
