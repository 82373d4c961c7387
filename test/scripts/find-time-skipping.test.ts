import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { MissingPartError } from '../../scripts/local-stack/missing-part';
import { timeSkippingExecutable } from '../../scripts/local-stack/time-skipping';
import { fakeMachine, type FakeMachine } from './fake-programs';

let machine: FakeMachine;
const find = () => timeSkippingExecutable(() => {}, machine.env);
const failure = async () => String(await find().catch((thrown: unknown) => thrown));

beforeEach(async () => {
  machine = await fakeMachine();
});
afterEach(() => machine.remove());

test('Maven fetches the server once, and the launcher runs it with Java', async () => {
  await machine.install(
    'mvn',
    'for last; do :; done; for arg; do case "$arg" in -DoutputDirectory=*) : > "${arg#*=}/a.jar";; esac; done',
  );
  await machine.install('java', 'for last; do echo "$last"; done');
  const launcher = await find();
  expect(launcher).toBe(path.join(machine.cache, 'temporal-test-server-1.38.0', 'temporal-test-server'));
  const started = execFileSync(launcher, ['7233'], {
    encoding: 'utf8',
    env: { PATH: `${machine.env.PATH}:/usr/bin:/bin` },
  });
  expect(started.trim().split('\n').slice(-3)).toEqual([
    `${path.dirname(launcher)}/lib/*`,
    'io.temporal.testserver.TestServer',
    '7233',
  ]);
  await machine.install('mvn', 'exit 1');
  expect(await find()).toBe(launcher);
});

test('without Java, one line says so, even when the server is in the cache', async () => {
  await machine.install('mvn');
  await machine.install(path.join(machine.cache, 'temporal-test-server-1.38.0', 'temporal-test-server'));
  expect(await find().catch((thrown: unknown) => thrown)).toBeInstanceOf(MissingPartError);
  expect(await failure()).toMatch(/^MissingPartError: .*no `java` here: .*`apt-get install .*`$/);
});

test('without Maven, one line says so', async () => {
  await machine.install('java');
  expect(await failure()).toMatch(/^MissingPartError: .*no `mvn` here: .*`apt-get install .*`$/);
});

test('when Maven fails, its last words are in the line', async () => {
  await machine.install('java');
  await machine.install('mvn', 'echo "Could not resolve"; echo "dependencies" >&2; exit 1');
  expect(await failure()).toMatch(/^MissingPartError: .*Could not resolve dependencies.*`apt-get install .*`$/);
});
