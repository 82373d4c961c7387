import { randomInt } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { Command, InvalidArgumentError } from 'commander';
import { MissingPartError } from '../../scripts/local-stack/missing-part';
import { machineFacts } from '../machine';
import { createTeardown } from '../teardown';
import { soak, type SoakOptions } from './soak';
import { described } from './text';

interface Given {
  minutes: number;
  seed: number;
  rate?: number;
  devTemporal?: boolean;
  json?: string;
}

const startedAt = Date.now();
const log = (line: string) =>
  console.error(`${String(Math.round((Date.now() - startedAt) / 1000)).padStart(4)} s  ${line}`);

function positive(text: string): number {
  const number = Number(text);
  if (!(number > 0)) throw new InvalidArgumentError('A number above 0.');
  return number;
}

const given = new Command('soak')
  .description('Everhook at half of saturation, with every part killed at random and receivers that misbehave')
  .option('--minutes <number>', 'how long', positive, 60)
  .option(
    '--seed <number>',
    'of all that is drawn at random; the same again makes the same draws',
    positive,
    randomInt(1, 2 ** 31),
  )
  .option('--rate <number>', 'events a second instead of half of what this machine carries', positive)
  .option('--dev-temporal', 'the dev server instead of the full one on PostgreSQL')
  .option('--json <file>', 'write the result there')
  .parse()
  .opts<Given>();

const options: SoakOptions = {
  seconds: given.minutes * 60,
  seed: given.seed,
  perSecond: given.rate ?? null,
  temporal: given.devTemporal ? 'dev' : 'full',
  pause: { least: 5, most: 25 },
};

async function run(): Promise<void> {
  const teardown = createTeardown((error) => log(`could not be stopped: ${String(error)}`));
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.once(name, () => stop.abort(new Error(`stopped by ${name}`)));
  }
  try {
    const machine = await machineFacts();
    const result = await soak(options, { log, teardown, signal: stop.signal });
    if (given.json) await writeFile(given.json, `${JSON.stringify({ ...result, machine }, null, 2)}\n`);
    console.log(described(result));
    if (result.problems.length > 0) process.exitCode = 1;
  } finally {
    await teardown.run();
  }
}

run().catch((error: unknown) => {
  log(error instanceof MissingPartError ? error.message : `the soak failed: ${String(error)}`);
  process.exitCode = 2;
});
