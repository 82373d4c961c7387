import type { DataConverter } from '@temporalio/common';
import type { Command } from 'commander';
import pino from 'pino';
import { createKms } from '../../platform/aws/kms';
import { readReplayConfig } from '../../platform/config';
import { createKeyring } from '../../platform/keyring';
import { CommandFailure, exitCodes } from '../failure';
import { outputOf, printable, table } from '../output';
import { statusOf, type Paint } from '../paint';
import { historyFiles, readHistory, type ExportedHistory, type UnreadableFile } from '../replay/histories';
import type { ReplayVerdict } from '../replay/replay';

/** One history with what came of it. */
interface ReplayDocument {
  file: string;
  workflowId: string | null;
  workflowType: string | null;
  events: number | null;
  result: ReplayVerdict['result'];
  reason: string | null;
}

export function addReplayCommand(program: Command): void {
  program
    .command('replay')
    .description(
      "replay exported histories against this build's workflow code; for CI, before a new build is rolled out",
    )
    .argument('<file...>', 'JSON of temporal workflow show --output json, or folders of such files')
    .addHelpText(
      'after',
      `
Exits with 1 when a history does not replay: runs like it would get stuck under this build.
Takes ENCRYPTION_KEYS and TEMPORAL_NAMESPACE for histories whose payloads are encrypted. Needs neither server nor database.

Examples:
  $ temporal workflow show --workflow-id delivery/… --output json > histories/delivery.json
  $ everhook replay histories`,
    )
    .action(async (paths: string[], _options: object, command: Command) => {
      const config = readReplayConfig(process.env);
      const read: (ExportedHistory | UnreadableFile)[] = [];
      for (const file of await historyFiles(paths)) read.push(await readHistory(file));
      const documents = await replay(read, config);
      const failed = documents.filter(({ result }) => result !== 'replays');
      const output = outputOf(command);
      output.answer(
        { replayed: documents.length, failed: failed.length, histories: documents },
        text(documents, output.paint),
      );
      if (failed.length > 0) {
        throw new CommandFailure(`${failed.length} of ${documents.length} histories do not replay`, exitCodes.failed);
      }
    });
}

async function replay(
  read: readonly (ExportedHistory | UnreadableFile)[],
  config: ReturnType<typeof readReplayConfig>,
): Promise<ReplayDocument[]> {
  const verdicts = new Map<unknown, ReplayVerdict>();
  const locked = config.ENCRYPTION_KEYS === undefined;
  const able = read.filter((one): one is ExportedHistory => 'history' in one && !(locked && one.encrypted));
  if (able.length > 0) {
    const { replayAll } = await import('../replay/replay.js');
    const results = await withDataConverter(config, (converter) => replayAll(able, converter));
    able.forEach((one, index) => verdicts.set(one, results[index] ?? { result: 'failed', reason: 'no result came' }));
  }
  return read.map((one): ReplayDocument => {
    if ('reason' in one) {
      return {
        file: one.file,
        workflowId: null,
        workflowType: null,
        events: null,
        result: 'failed',
        reason: one.reason,
      };
    }
    const verdict = verdicts.get(one) ?? {
      result: 'failed',
      reason: 'its payloads are encrypted: set ENCRYPTION_KEYS',
    };
    const { file, workflowId, workflowType, events } = one;
    return { file, workflowId, workflowType, events, reason: null, ...verdict };
  });
}

async function withDataConverter<Result>(
  {
    ENCRYPTION_KEYS: keys,
    TEMPORAL_NAMESPACE: namespace,
    AWS_ENDPOINT_URL: endpoint,
  }: ReturnType<typeof readReplayConfig>,
  use: (converter: DataConverter | undefined) => Promise<Result>,
): Promise<Result> {
  if (keys === undefined) return use(undefined);
  const [{ createDataConverter }, { createPayloadCodec }] = await Promise.all([
    import('../../platform/data-converter.js'),
    import('../../platform/payload-codec.js'),
  ]);
  const kms = createKms({ endpoint: endpoint ?? null });
  try {
    const keyring = createKeyring(keys, kms);
    // What was recorded in the clear stays readable; nothing is encrypted by a replay.
    const codec = createPayloadCodec({ keyring, namespace, encrypt: false, log: pino({ level: 'silent' }) });
    return await use(createDataConverter(codec));
  } finally {
    kms.close();
  }
}

function text(documents: readonly ReplayDocument[], paint: Paint): string {
  const rows = documents.map(({ file, workflowType, events, result }) => [
    statusOf(result),
    workflowType ?? '',
    events === null ? '' : String(events),
    file,
  ]);
  const reasons = documents
    .filter(({ reason }) => reason !== null)
    .map(({ file, workflowId, reason }) => `${file}${workflowId === null ? '' : ` (${workflowId})`}: ${reason}`);
  const drawn = table(['RESULT', 'TYPE', 'EVENTS', 'FILE'], rows, paint);
  return [drawn, ...reasons.map((line) => `\n${printable(line)}`)].join('\n');
}
