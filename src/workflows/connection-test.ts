import { proxyActivities } from '@temporalio/workflow';
import {
  longestConnectionTestMs,
  type ConnectionTestActivities,
  type ConnectionTestInput,
  type ConnectionTestResult,
} from '../domain/connection-test-run';

const { testConnection } = proxyActivities<ConnectionTestActivities>({
  startToCloseTimeout: longestConnectionTestMs + 2_000,
  // Only trouble of our own is repeated, for as long as somebody waits: the starter bounds the run.
  retry: { initialInterval: '200 ms', maximumInterval: '1 s' },
});

/** One HEAD request to a webhook's target. A workflow, because only workers have a way out. */
export async function connectionTest(input: ConnectionTestInput): Promise<ConnectionTestResult | null> {
  return testConnection(input);
}
