import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { logToStderr } from '../../scripts/local-stack/log';
import type { SoakResult } from '../../bench/soak/soak';
import { faultSeconds } from './seconds';

const seconds = faultSeconds(60);
/** Of events a second: low enough for a machine that runs other tests at the same time. */
const perSecond = 5;

/** The short form of `npm run soak`, which lasts an hour. As it runs: `npm test` builds it first. */
const program = path.resolve(__dirname, '..', '..', 'dist', 'bench', 'soak', 'run.js');

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(path.join(os.tmpdir(), 'everhook-soak-result-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

it('nothing is lost, stuck or astray while all parts are killed and receivers misbehave, from a seed that is printed', () => {
  const json = path.join(directory, 'result.json');
  const args = [
    '--minutes',
    String(seconds / 60),
    '--rate',
    String(perSecond),
    '--dev-temporal',
    '--no-credentials',
    '--json',
    json,
  ];
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], { encoding: 'utf8' });
  logToStderr(`Soak: ${stdout.replaceAll('\n', '; ')}`);
  if (status === 2) throw new Error(stderr);
  const result: SoakResult = JSON.parse(readFileSync(json, 'utf8'));
  expect([result.seed, result.problems]).toEqual([result.seed, []]);
  expect(Math.min(...Object.values(result.killed))).toBeGreaterThan(0);
  expect(result.accepted).toBeGreaterThan(seconds);
  expect(Object.keys(result.deliveries).sort()).toEqual(['delivered', 'failed']);
  expect(Object.keys(result.misdeeds).length).toBeGreaterThan(4);
}, 900_000);
