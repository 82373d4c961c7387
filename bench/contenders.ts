import { startBareTemporal } from './bare/temporal';
import { startEverhook } from './everhook';
import type { Bench } from './part';
import type { Saturation } from './saturation';
import { cpuMsOf } from './process-usage';
import type { Teardown } from './teardown';

/** One of those that are compared, as it is loaded. */
export interface Contender extends Saturation {
  /** What its figures begin with. */
  name: string;
  label: string;
  /** Of the first round that warms it up. */
  firstEvents: number;
  /** Processes whose memory is told. */
  pids: Record<string, number>;
}

/** Copies of an event where it goes to several webhooks. */
const fanOut = 10;
const batchSize = 100;

/** Everhook, API and worker in a process each: single events, batches, and events for ten webhooks. */
export async function everhookContenders(bench: Bench, teardown: Teardown): Promise<Contender[]> {
  const everhook = await startEverhook(await bench.install('separate'));
  teardown.add(() => everhook.stop());
  const { origin } = bench.receiver;
  const tenant = everhook.tenant(0);
  const plain = await tenant.subscribe('bench.plain', [`${origin}/accept`]);
  const copied = await tenant.subscribe(
    'bench.copied',
    Array.from({ length: fanOut }, (_, which) => `${origin}/fan/${fanOut}/${which}`),
  );
  const common = {
    meters: bench.metersOf(everhook),
    pids: { Api: everhook.api.pid, Worker: everhook.workers[0]?.pid ?? -1 },
    copies: 1,
  };
  const single = bench.generator.towards(plain(1));
  const batch = bench.generator.towards(plain(batchSize));
  const fan = bench.generator.towards(copied(1));
  return [
    { ...common, name: 'everhook', label: 'Everhook', apply: single, lanes: 64, firstEvents: 200 },
    { ...common, name: 'batch', label: 'batches of 100', apply: batch, lanes: 8, firstEvents: 400 },
    { ...common, name: 'fanOut', label: 'fan-out 10', apply: fan, lanes: 32, firstEvents: 30, copies: fanOut },
  ];
}

/** Everhook in one process. */
export async function aloneContender(bench: Bench, teardown: Teardown): Promise<Contender> {
  const alone = await startEverhook(await bench.install('alone'), { processes: 1 });
  teardown.add(() => alone.stop());
  const plain = await alone.tenant(0).subscribe('bench.plain', [`${bench.receiver.origin}/accept`]);
  return {
    name: 'alone',
    label: 'Everhook in one process',
    apply: bench.generator.towards(plain(1)),
    lanes: 64,
    copies: 1,
    firstEvents: 200,
    meters: bench.metersOf({ api: alone.api, workers: [] }),
    pids: { Api: alone.api.pid },
  };
}

/** Temporal without Everhook: client and worker in a process each, or in one and with eager start. */
export async function bareContender(bench: Bench, teardown: Teardown, processes: 1 | 2): Promise<Contender> {
  const { stack, receiver, signal } = bench;
  const bare = await startBareTemporal(stack.temporalAddress, receiver, { processes, signal });
  teardown.add(() => bare.stop());
  const cpu = (pid: number) => () => cpuMsOf(pid);
  return {
    name: processes === 1 ? 'bareEager' : 'bare',
    label: processes === 1 ? 'bare Temporal, eager start' : 'bare Temporal',
    apply: bare.apply,
    lanes: 64,
    copies: 1,
    firstEvents: 100,
    meters: {
      Worker: cpu(bare.workerPid),
      ...(processes === 2 && { Generator: cpu(bare.clientPid) }),
      ...bench.meters,
    },
    pids: { Worker: bare.workerPid },
  };
}
