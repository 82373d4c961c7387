import path from 'node:path';
import { MissingPartError } from '../scripts/local-stack/missing-part';
import { startGenerator } from './generator';
import { judge } from './goals';
import { createTemplate, installEverhook } from './installation';
import { machineFacts } from './machine';
import { readOptions, type Options } from './options';
import type { Bench, PartResult } from './part';
import { partsOf } from './parts';
import { cpuMsOf, cpuMsWithChildren } from './process-usage';
import { startReceiver } from './receiver';
import { printed, record, write } from './report';
import type { BenchResult } from './result';
import { startBenchStack } from './stack';
import { createTeardown, type Teardown } from './teardown';

const resultsDirectory = path.join('docs', 'benchmarks');
const startedAt = Date.now();
const log = (line: string) =>
  console.error(`${String(Math.round((Date.now() - startedAt) / 1000)).padStart(4)} s  ${line}`);

async function run(options: Options): Promise<void> {
  const teardown = createTeardown((error) => log(`could not be stopped: ${String(error)}`));
  const stop = new AbortController();
  const late = setTimeout(() => stop.abort(new Error('it took too long')), options.plan.deadlineMs);
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.once(name, () => stop.abort(new Error(`stopped by ${name}`)));
  }
  try {
    const machine = await machineFacts();
    log(`${machine.cores} cores, ${machine.processor}, node ${machine.node}, disk sync ${machine.diskSyncMs} ms`);
    const bench = await startBench(options, { cores: machine.cores, signal: stop.signal, teardown });
    const results: PartResult[] = [];
    const parts: string[] = [];
    for (const { names, title, part } of partsOf(options.only)) {
      stop.signal.throwIfAborted();
      log(title);
      results.push(await part(bench));
      parts.push(...names);
    }
    const result: BenchResult = {
      at: new Date().toISOString(),
      parts,
      plan: options.plan,
      settings: options.settings,
      summary: { ...Object.assign({}, ...results.map(({ summary }) => summary)), ...machine },
      charts: results.flatMap(({ charts }) => charts),
    };
    console.log(printed(result));
    if (options.json) await write(options.json, result);
    if (options.record && options.isComplete) log(`recorded in ${await record(resultsDirectory, result)}`);
    if (options.goals && judge(result.summary, parts).some(({ met }) => !met)) process.exitCode = 1;
  } finally {
    clearTimeout(late);
    await teardown.run();
  }
}

async function startBench(
  { plan, settings, cpuProf }: Options,
  { cores, signal, teardown }: { cores: number; signal: AbortSignal; teardown: Teardown },
): Promise<Bench> {
  const stack = await startBenchStack(log, teardown);
  const template = await createTemplate(stack);
  const receiver = await startReceiver();
  teardown.add(() => receiver.stop());
  const generator = await startGenerator();
  teardown.add(() => generator.stop());

  const cpu = (pid: number | null) => () => cpuMsOf(pid);
  const meters = {
    Temporal: cpu(stack.temporalPid),
    PostgreSQL: () => cpuMsWithChildren(stack.postgresPid),
    Receiver: cpu(receiver.pid),
    Bench: cpu(process.pid),
  };
  return {
    stack,
    receiver,
    generator,
    plan,
    cores,
    log,
    signal,
    meters,
    saturation: new Map(),
    install: (name, receivers = [receiver.origin]) =>
      installEverhook(template, { name, receivers, settings, profileDirectory: cpuProf }),
    metersOf: ({ api, workers }) => ({
      Api: cpu(api.pid),
      ...(workers.length > 0 && { Worker: () => workers.reduce((sum, { pid }) => sum + (cpuMsOf(pid) ?? 0), 0) }),
      Generator: cpu(generator.pid),
      ...meters,
    }),
  };
}

run(readOptions(process.argv.slice(2))).catch((error: unknown) => {
  log(error instanceof MissingPartError ? error.message : `the benchmark failed: ${String(error)}`);
  process.exitCode = 2;
});
