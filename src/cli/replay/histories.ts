import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import type { History } from '@temporalio/common/lib/proto-utils';
import { z } from 'zod';
import { CommandFailure, exitCodes } from '../failure';

/** A run as it was exported. */
export interface ExportedHistory {
  file: string;
  workflowId: string;
  workflowType: string;
  events: number;
  /** Whether payloads of it need `ENCRYPTION_KEYS`. */
  encrypted: boolean;
  /** As the SDK has it. */
  history: History;
}

/** A file that is no history; the reason is one line. */
export interface UnreadableFile {
  file: string;
  reason: string;
}

/** What `temporal workflow show --output json` and the Web UI's download have in common. */
const exported = z.looseObject({
  events: z
    .array(
      z.looseObject({
        eventId: z.string(),
        eventType: z.string(),
        workflowExecutionStartedEventAttributes: z
          .looseObject({ workflowId: z.string().optional(), workflowType: z.looseObject({ name: z.string() }) })
          .optional(),
      }),
    )
    .min(1),
});

/** base64 of `binary/encrypted`, which is how the codec marks a payload. */
const encryptedMark = Buffer.from('binary/encrypted').toString('base64');

/**
 * The files named, and of folders every `*.json` below them, by name.
 * @throws CommandFailure for a path that is not there, and when there is nothing to read
 */
export async function historyFiles(paths: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const given of paths) {
    const kind = await stat(given).catch(() => null);
    if (kind === null) throw new CommandFailure(`there is no file or folder ${given}`, exitCodes.usage);
    if (!kind.isDirectory()) {
      found.push(given);
      continue;
    }
    const below = await readdir(given, { recursive: true, encoding: 'utf8' });
    found.push(
      ...below
        .filter((name) => name.endsWith('.json'))
        .sort()
        .map((name) => path.join(given, name)),
    );
  }
  if (found.length === 0) throw new CommandFailure(`no *.json in ${paths.join(', ')}`, exitCodes.usage);
  return found;
}

/** Reads one export. Loads the SDK's converter, so call it where the SDK is needed anyway. */
export async function readHistory(file: string): Promise<ExportedHistory | UnreadableFile> {
  const { historyFromJSON } = await import('@temporalio/common/lib/proto-utils.js');
  const text = await readFile(file, 'utf8');
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return { file, reason: 'is not JSON' };
  }
  const result = exported.safeParse(document);
  if (!result.success) return { file, reason: 'is not a history: temporal workflow show --output json makes one' };
  const { events } = result.data;
  const [first] = events;
  const started = first?.workflowExecutionStartedEventAttributes;
  if (first?.eventId !== '1' || !started) {
    return { file, reason: 'does not begin with the start of its run: export the whole history' };
  }
  try {
    return {
      file,
      // Servers before 1.24 do not say it.
      workflowId: started.workflowId ?? path.basename(file, '.json'),
      workflowType: started.workflowType.name,
      events: events.length,
      encrypted: text.includes(encryptedMark),
      history: historyFromJSON(document),
    };
  } catch (error) {
    return { file, reason: `is not a history of this SDK: ${error instanceof Error ? error.message : ''}` };
  }
}
