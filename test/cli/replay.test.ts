import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import * as workflows from '../../src/workflows';
import { recordedKey } from '../replay/encryption';
import { everhook } from './everhook';

// Every command is a process of its own, and both cores may be busy.
jest.setTimeout(120_000);

const recorded = path.join(__dirname, '..', 'replay', 'histories');
const encrypted = path.join(__dirname, '..', 'replay', 'encrypted', 'delivery', 'failed.json');
const recovered = path.join(recorded, 'delivery', 'recovered-on-third-attempt.json');

interface Replayed {
  replayed: number;
  failed: number;
  histories: { file: string; result: string; reason: string | null; workflowId: string; workflowType: string }[];
}

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), 'everhook-replay-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

async function replay(args: string[], env: NodeJS.ProcessEnv = {}): Promise<Replayed & { exitCode: number | null }> {
  const { stdout, exitCode } = await everhook(['replay', ...args, '--json'], { env });
  return { ...(JSON.parse(stdout) as Replayed), exitCode };
}

interface RecordedEvent {
  eventType: string;
  timerStartedEventAttributes?: object;
  activityTaskScheduledEventAttributes?: object;
}

it('replays every history of a folder without server, database or keys', async () => {
  const answer = await replay([recorded]);
  expect(answer).toMatchObject({ exitCode: 0, failed: 0 });
  expect(answer.replayed).toBeGreaterThan(40);
  const types = new Set(answer.histories.map(({ workflowType }) => workflowType));
  expect([...types].sort()).toEqual(Object.keys(workflows).sort());
});

it('names the one of many that this build would continue otherwise, and exits with 1', async () => {
  const document = JSON.parse(await readFile(recovered, 'utf8')) as { events: RecordedEvent[] };
  const timer = document.events.find((event) => event.timerStartedEventAttributes);
  const attempt = document.events.find((event) => event.activityTaskScheduledEventAttributes);
  if (!timer || !attempt) throw new Error('the history is not as this test needs it');
  // As if the recorded build had made an attempt where this one waits.
  delete timer.timerStartedEventAttributes;
  Object.assign(timer, {
    eventType: attempt.eventType,
    activityTaskScheduledEventAttributes: attempt.activityTaskScheduledEventAttributes,
  });
  await mkdir(path.join(directory, 'below'));
  await writeFile(path.join(directory, 'altered.json'), JSON.stringify(document));
  await copyFile(recovered, path.join(directory, 'below', 'same.json'));

  const answer = await replay([directory]);
  expect(answer).toMatchObject({ exitCode: 1, replayed: 2, failed: 1 });
  expect(answer.histories.map(({ file, result }) => [path.basename(file), result])).toEqual([
    ['altered.json', 'differs'],
    ['same.json', 'replays'],
  ]);
  expect(answer.histories[0]?.workflowId).toBe('recorded/recovered-on-third-attempt');
  expect(answer.histories[0]?.reason).toMatch(/[Tt]imer/);

  const { stderr, stdout } = await everhook(['replay', directory]);
  expect(stderr).toBe('everhook: 1 of 2 histories do not replay\n');
  expect(stdout).toMatch(/^differs +delivery +\d+ .*altered\.json$/m);
});

it('reads encrypted histories with the keys of the ring, and says what is missing without', async () => {
  const ENCRYPTION_KEYS = recordedKey;
  expect(await replay([encrypted], { ENCRYPTION_KEYS })).toMatchObject({ exitCode: 0, failed: 0 });
  const without = await replay([encrypted]);
  expect(without.exitCode).toBe(1);
  expect(without.histories[0]).toMatchObject({
    result: 'failed',
    reason: expect.stringMatching(/set ENCRYPTION_KEYS/),
  });
  const other = await replay([encrypted], { ENCRYPTION_KEYS: recordedKey.replace('recorded', 'other') });
  expect(other.histories[0]).toMatchObject({ reason: 'no encryption key recorded in ENCRYPTION_KEYS' });
});

it('says of a file that is no history what it is', async () => {
  const half = JSON.parse(await readFile(recovered, 'utf8')) as { events: RecordedEvent[] };
  const files = {
    'a.json': '{',
    'b.json': '{"data": []}',
    'c.json': JSON.stringify({ events: half.events.slice(3) }),
    'd.json': (await readFile(recovered, 'utf8')).replace('"delivery"', '"unheardOf"'),
  };
  for (const [name, text] of Object.entries(files)) await writeFile(path.join(directory, name), text);
  const { histories, exitCode } = await replay([directory]);
  expect(exitCode).toBe(1);
  const reasons = [/is not JSON/, /is not a history/, /does not begin with the start/, /unheardOf/];
  histories.forEach(({ reason }, index) => expect(reason).toMatch(reasons[index] ?? /never/));
  expect(histories).toHaveLength(4);
});

it('exits with 2 for a path that is not there, and for a folder without any', async () => {
  expect(await everhook(['replay', path.join(directory, 'none')])).toMatchObject({ exitCode: 2, stdout: '' });
  expect(await everhook(['replay', directory])).toMatchObject({ exitCode: 2, stdout: '' });
});
