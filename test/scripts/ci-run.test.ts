import { spawnSync } from 'node:child_process';
import { copyFile, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { fakeMachine, type FakeMachine } from './fake-programs';

const RUN = path.resolve(__dirname, '../../.ci/run');

let machine: FakeMachine;
beforeEach(async () => {
  machine = await fakeMachine();
});
afterEach(() => machine.remove());

/** Runs a copy of .ci/run beside an `npm` that writes these counts, and fails at the step given. */
async function ciRun({ counts = '', failingAt = 'nothing' }) {
  const script = path.join(machine.cache, '.ci', 'run');
  await mkdir(path.dirname(script), { recursive: true });
  await copyFile(RUN, script);
  const write = counts === '' ? '' : `[ "$1" = test ] && echo '${counts}' > "$EVERHOOK_TEST_COUNTS"`;
  await machine.install('npm', `echo "npm $*"; ${write}\n[ "$*" != '${failingAt}' ]`);
  const { status, stdout } = spawnSync('bash', [script], {
    encoding: 'utf8',
    env: { PATH: `${machine.env.PATH}:${process.env.PATH}` },
  });
  const lines = stdout.trimEnd().split('\n');
  return { status, lastLine: lines.at(-1), steps: lines.filter((line) => line.startsWith('npm ')) };
}

test('runs the test command, lint, types and the demo, and ends with the counts', async () => {
  expect(await ciRun({ counts: '12 0' })).toEqual({
    status: 0,
    lastLine: '12 passed, 0 failed',
    steps: ['npm ci', 'npm test', 'npm run lint', 'npm run typecheck', 'npm run demo -- --once'],
  });
});

test('tests that fail end it, with the counts last', async () => {
  expect(await ciRun({ counts: '11 1', failingAt: 'test' })).toEqual({
    status: 1,
    lastLine: '11 passed, 1 failed',
    steps: ['npm ci', 'npm test'],
  });
});

test.each(['ci', 'run lint', 'run typecheck', 'run demo -- --once'])('fails when `npm %s` fails', async (failingAt) => {
  const { status, lastLine, steps } = await ciRun({ counts: '12 0', failingAt });
  expect(status).toBe(1);
  expect(lastLine).toMatch(/^\d+ passed, 0 failed$/);
  expect(steps.at(-1)).toBe(`npm ${failingAt}`);
});

test.each(['', '0 0'])('fails when no test ran (%p)', async (counts) => {
  expect(await ciRun({ counts })).toMatchObject({ status: 1, lastLine: '0 passed, 0 failed' });
});

test('fails when a test failed, whatever jest said', async () => {
  expect(await ciRun({ counts: '5 1' })).toMatchObject({ status: 1, lastLine: '5 passed, 1 failed' });
});
