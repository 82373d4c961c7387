import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { mkdir, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { cached } from '../../scripts/local-stack/cache';
import { fakeMachine, type FakeMachine } from './fake-programs';

let machine: FakeMachine;
beforeEach(async () => {
  machine = await fakeMachine();
});
afterEach(() => machine.remove());

const entry = (fill: (directory: string) => Promise<void>, log: string[] = []) =>
  cached({ name: 'tool-1', file: 'tool', fill, log: (line) => log.push(line), env: machine.env });
const whole = (content: string) => (directory: string) => writeFile(path.join(directory, 'tool'), content);

test('an entry appears only when it is whole', async () => {
  const target = path.join(machine.cache, 'tool-1', 'tool');
  await entry(async (directory) => {
    await whole('x')(directory);
    expect(existsSync(target)).toBe(false);
  });
  expect(readFileSync(target, 'utf8')).toBe('x');
});

test('a fill that fails leaves nothing behind, and the next one may succeed', async () => {
  const failing = entry(async (directory) => {
    await whole('half')(directory);
    throw new Error('network gone');
  });
  await expect(failing).rejects.toThrow('network gone');
  expect(readdirSync(machine.cache)).toEqual([]);
  expect(readFileSync(await entry(whole('second')), 'utf8')).toBe('second');
});

test('a fill that makes no such file is an error', async () => {
  await expect(entry(async () => {})).rejects.toThrow('made no tool');
});

test('of two at once one fills and the other waits for it', async () => {
  let fills = 0;
  const log: string[] = [];
  let release = () => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  const fill = async (directory: string) => {
    fills += 1;
    await released;
    await whole('once')(directory);
  };
  const both = Promise.all([entry(fill, log), entry(fill, log)]);
  while (log.length === 0) await new Promise((resolve) => setImmediate(resolve));
  release();
  const [one, other] = await both;
  expect(one).toBe(other);
  expect(fills).toBe(1);
  expect(log).toEqual(['tool-1: another process is installing it, waiting']);
});

test('the lock of a process that died is taken over', async () => {
  const abandoned = path.join(machine.cache, 'tool-1.lock');
  await mkdir(machine.cache, { recursive: true });
  await writeFile(abandoned, '1');
  await utimes(abandoned, new Date(0), new Date(0));
  expect(readFileSync(await entry(whole('x')), 'utf8')).toBe('x');
  expect(existsSync(abandoned)).toBe(false);
});

test('what an interrupted installation left in the place of the entry is replaced', async () => {
  await mkdir(path.join(machine.cache, 'tool-1'), { recursive: true });
  await writeFile(path.join(machine.cache, 'tool-1', 'leftover'), '');
  await entry(whole('x'));
  expect(readdirSync(path.join(machine.cache, 'tool-1'))).toEqual(['tool']);
});
