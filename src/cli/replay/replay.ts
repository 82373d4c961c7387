import type { DataConverter } from '@temporalio/common';
import { Worker } from '@temporalio/worker';
import { workflowCode } from '../../worker';
import { quietTemporal } from '../quiet-temporal';
import type { ExportedHistory } from './histories';

/** `replays`: this build does what was recorded. `differs`: it would do something else. `failed`: it could not be told. */
export type ReplayVerdict = { result: 'replays' } | { result: 'differs' | 'failed'; reason: string };

/**
 * Has this build's workflow code go through what a run did, and says whether it would do the same again. Activities are
 * not called, and no server is needed.
 */
export async function replayAll(
  histories: readonly ExportedHistory[],
  dataConverter: DataConverter | undefined,
): Promise<ReplayVerdict[]> {
  quietTemporal();
  const verdicts: ReplayVerdict[] = [];
  // One after the other, and in this order.
  const results = Worker.runReplayHistories({ ...workflowCode(), ...(dataConverter && { dataConverter }) }, histories);
  for await (const { error } of results) verdicts.push(error === undefined ? { result: 'replays' } : verdictOf(error));
  return verdicts;
}

function verdictOf(error: Error): ReplayVerdict {
  const details = error.message.replace(/^.*?Details: /s, '');
  return { result: error.name === 'DeterminismViolationError' ? 'differs' : 'failed', reason: told(details) };
}

/** The SDK's core nests what it says in its own notation. */
function told(details: string): string {
  const message = /(?:Nondeterminism\("|message: ")((?:[^"\\]|\\.)*)"/.exec(details)?.[1] ?? details;
  return message.replace(/\\n[\s\S]*$|\n[\s\S]*$/, '').replaceAll('\\"', '"');
}
