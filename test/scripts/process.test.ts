import { transformFileSync } from '@swc/core';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import path from 'node:path';
import { startProgram, untilReady } from '../../scripts/local-stack/process';
import { fakeMachine, type FakeMachine } from './fake-programs';

const SOURCE = path.resolve(__dirname, '../../scripts/local-stack/process.ts');
const WAITING = ['-e', 'setInterval(() => {}, 1000)'];

let machine: FakeMachine;
beforeEach(async () => {
  machine = await fakeMachine();
});
afterEach(() => machine.remove());

test('a server ends when the process that started it is killed', async () => {
  const compiled = await machine.install('process.js');
  const { code } = transformFileSync(SOURCE, {
    jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
    module: { type: 'commonjs' },
  });
  await writeFile(compiled, code);
  const observer = createServer().listen(0, '127.0.0.1');
  await once(observer, 'listening');
  const { port } = observer.address() as AddressInfo;
  const server = `require('node:net').connect(${port}, '127.0.0.1')`;
  const starter = spawn(process.execPath, [
    '-e',
    `require(${JSON.stringify(compiled)}).startProgram({
      name: 'server', command: process.execPath, args: ['-e', ${JSON.stringify(server)}] });
     setInterval(() => {}, 1000);`,
  ]);
  const connection = await new Promise<Socket>((resolve) => observer.once('connection', resolve));
  // Nobody may be there to reap the orphan, and then its process id stays: the end of its connection is the sign.
  const ended = once(
    connection.on('error', () => {}),
    'close',
  );
  starter.kill('SIGKILL');
  await ended;
  observer.close();
});

test('stop resolves once the server is gone', async () => {
  const running = startProgram({ name: 'server', command: process.execPath, args: WAITING });
  expect(running.hasExited()).toBe(false);
  await running.stop();
  expect(running.hasExited()).toBe(true);
  expect(() => process.kill(running.pid, 0)).toThrow('ESRCH');
  await running.stop();
});

test('a server that stops while starting is an error with its last words', async () => {
  const args = ['-e', 'console.error("port taken"); process.exit(1)'];
  const running = startProgram({ name: 'server', command: process.execPath, args });
  await expect(untilReady(running, 'Server', async () => false)).rejects.toThrow(/^Server stopped .*port taken$/s);
});

test('a server that never becomes ready is stopped', async () => {
  const running = startProgram({ name: 'server', command: process.execPath, args: WAITING });
  await expect(untilReady(running, 'Server', async () => false, 100)).rejects.toThrow("wasn't ready after 0.1 s");
  expect(running.hasExited()).toBe(true);
});

test('a program that cannot be started is an error', async () => {
  const running = startProgram({ name: 'server', command: '/nowhere/server', args: [] });
  await expect(untilReady(running, 'Server', async () => false)).rejects.toThrow('ENOENT');
});
