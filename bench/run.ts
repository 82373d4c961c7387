import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { MissingPartError } from '../scripts/local-stack/missing-part';
import { createDatabase } from '../scripts/local-stack/postgres';
import { measureBackoff } from './backoff';
import { measureConsents } from './consents';
import type { CpuMeters } from './cpu-meters';
import { startBareTemporal } from './bare/temporal';
import { installEverhook, startEverhook, type Everhook } from './everhook';
import { judge } from './goals';
import { measureLatency } from './latency';
import { machineFacts, type MachineFacts } from './machine';
import { fullPlan, quickPlan, type Plan } from './plan';
import { cpuMsOf, cpuMsWithChildren } from './process-usage';
import { startReceiver, type Receiver } from './receiver';
import { printed, record } from './report';
import { startBenchStack, type BenchStack } from './stack';
import { rounded } from './statistics';
import { summarise, type Measurements } from './summary';
import { createTeardown, type Teardown } from './teardown';
import { measureThroughput } from './throughput';

interface Options {
  quick?: boolean;
  backoff?: number;
  consents?: number;
  json?: string;
  goals: boolean;
  record: boolean;
  profile?: string;
}

const resultsDirectory = path.join('docs', 'benchmarks');
const log = (line: string) => console.error(line);

const program = new Command('bench')
  .description('Everhook beside bare Temporal, on full Temporal and PostgreSQL started for it')
  .option('--quick', 'less of everything, in under 4 minutes; the result is not recorded')
  .option('--backoff <number>', 'deliveries in backoff', wholeNumber)
  .option('--consents <number>', 'consents open at once', wholeNumber)
  .option('--json <file>', 'write the result there too; `summary` has every figure by name')
  .option('--no-goals', 'exit with 0 also when a goal is missed')
  .option('--no-record', `don't write ${resultsDirectory}`)
  .option('--profile <directory>', "keep CPU profiles of Everhook's processes there; they run slower then")
  .action(run);

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('a whole number from 1 to 999999');
  return Number(text);
}

async function run(options: Options): Promise<void> {
  const base = options.quick ? quickPlan : fullPlan;
  const plan: Plan = {
    ...base,
    backoff: { deliveries: options.backoff ?? base.backoff.deliveries },
    consents: { ...base.consents, consents: options.consents ?? base.consents.consents },
  };
  const teardown = createTeardown((error) => log(`could not be stopped: ${String(error)}`));
  const stop = new AbortController();
  const late = setTimeout(() => stop.abort(new Error('it took too long')), plan.deadlineMs);
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.once(name, () => stop.abort(new Error(`stopped by ${name}`)));
  }
  try {
    const machine = await machineFacts();
    log(`${machine.cores} cores, ${machine.processor}, node ${machine.node}, disk sync ${machine.diskSyncMs} ms`);
    const measurements = await measure(plan, machine, { teardown, signal: stop.signal, profile: options.profile });
    const summary = summarise(measurements, machine);
    const at = new Date().toISOString();
    const result = { at, plan, summary, rounds: measurements };
    console.log(printed(summary));
    if (options.json) {
      await mkdir(path.dirname(path.resolve(options.json)), { recursive: true });
      await writeFile(options.json, `${JSON.stringify(result, null, 2)}\n`);
    }
    if (options.record && !options.quick) log(`recorded in ${await record(resultsDirectory, result)}`);
    if (options.goals && judge(summary).some(({ met }) => !met)) process.exitCode = 1;
  } finally {
    clearTimeout(late);
    await teardown.run();
  }
}

async function measure(
  plan: Plan,
  machine: MachineFacts,
  { teardown, signal, profile }: { teardown: Teardown; signal: AbortSignal; profile?: string },
): Promise<Measurements> {
  const stack = await startBenchStack(log, teardown);
  const receiver = await startReceiver();
  teardown.add(() => receiver.stop());
  signal.throwIfAborted();

  log('starting Everhook and bare Temporal');
  const installation = await installEverhook(stack, receiver, profile);
  const compared = createTeardown((error) => log(`could not be stopped: ${String(error)}`));
  teardown.add(() => compared.run());
  const everhook = await startEverhook(installation);
  compared.add(() => everhook.stop());
  await everhook.register('/accept');
  const alone = await startAlone(stack, receiver);
  compared.add(() => alone.stop());
  const bare = await startBareTemporal(stack.temporalAddress, receiver);
  compared.add(() => bare.stop());
  signal.throwIfAborted();

  const cpu = (pid: number | null) => () => cpuMsOf(pid);
  const others: CpuMeters = {
    Temporal: cpu(stack.temporalPid),
    PostgreSQL: () => cpuMsWithChildren(stack.postgresPid),
    Receiver: cpu(receiver.pid),
    Publisher: cpu(process.pid),
  };
  const metersOf = ({ api, worker }: Everhook): CpuMeters => ({
    Api: cpu(api.pid),
    Worker: cpu(worker.pid),
    ...others,
  });
  const contenders = {
    alone: { contender: alone, processes: metersOf(alone) },
    everhook: {
      contender: everhook,
      processes: metersOf(everhook),
    },
    bare: { contender: bare, processes: { Worker: cpu(bare.workerPid), ...others } },
  };
  const turns = ['everhook', 'alone', 'bare'] as const;

  const { cores } = machine;
  log('warming up');
  for (const turn of turns) {
    const { contender, processes } = contenders[turn];
    const warmUp = { ...plan.throughput, deliveries: plan.throughput.warmUp };
    await measureThroughput({ contender, receiver, group: `warm${turn}`, plan: warmUp, processes, cores, signal });
  }

  const latency: Measurements['latency'] = { everhook: [], alone: [], bare: [] };
  log(`latency at ${plan.latency.perSecond}/s, ${plan.latency.rounds} rounds of ${plan.latency.seconds} s each`);
  for (let round = 1; round <= plan.latency.rounds; round += 1) {
    for (const turn of turns) {
      const { contender } = contenders[turn];
      const times = await measureLatency({
        contender,
        receiver,
        group: `l${round}${turn}`,
        plan: plan.latency,
        signal,
      });
      latency[turn].push(times.map((time) => rounded(time, 2)));
    }
  }

  await alone.stop();

  const throughput: Measurements['throughput'] = { everhook: [], bare: [] };
  log(`throughput, ${plan.throughput.rounds} rounds of ${plan.throughput.deliveries} deliveries each`);
  for (let round = 1; round <= plan.throughput.rounds; round += 1) {
    for (const turn of ['everhook', 'bare'] as const) {
      const { contender, processes } = contenders[turn];
      const group = `t${round}${turn}`;
      const result = await measureThroughput({
        contender,
        receiver,
        group,
        plan: plan.throughput,
        processes,
        cores,
        signal,
      });
      throughput[turn].push(result);
      log(`  ${contender.name}: ${result.deliveriesPerSecond.toFixed(1)}/s`);
    }
  }
  await compared.run();

  log(`a worker with ${plan.backoff.deliveries} deliveries in backoff`);
  const backoff = await measureBackoff({ installation, receiver, deliveries: plan.backoff.deliveries, log, signal });

  log(`${plan.consents.consents} consents, ${plan.consents.perSecond} a second`);
  const consents = await measureConsents({ installation, plan: plan.consents, metersOf, cores, log, signal });
  return { throughput, latency, backoff, consents };
}

/** Everhook in one process, with a database and a task queue of its own beside the other's. */
async function startAlone(stack: BenchStack, receiver: Receiver): Promise<Everhook> {
  const database = new URL(stack.databaseUrl);
  database.pathname = '/alone';
  await createDatabase(stack.databaseUrl, 'alone');
  const installation = await installEverhook({ ...stack, databaseUrl: database.href }, receiver);
  const alone = await startEverhook(installation, { settings: { TEMPORAL_TASK_QUEUE: 'alone' }, processes: 1 });
  await alone.register('/accept');
  return alone;
}

program.parseAsync().catch((error: unknown) => {
  log(error instanceof MissingPartError ? error.message : `the benchmark failed: ${String(error)}`);
  process.exitCode = 2;
});
