import { setTimeout as sleep } from 'node:timers/promises';
import { answerParent } from './child';
import { eventRequest, generatorQuestion, type EventTarget } from './generator-questions';
import { createHttpLanes, type HttpLanes } from './http-lanes';
import { createLoads } from './load';

/** The load generator, a process of its own on bare sockets: it publishes events at an API of Everhook. */
const pushBackMs = 20;
const lanesByPort = new Map<number, HttpLanes>();
/** One a target, so that a load can be stopped. */
const loads = new Map<string, ReturnType<typeof createLoads>>();

function loadsOf(target: EventTarget) {
  const key = `${target.port} ${target.type} ${target.perRequest}`;
  let known = loads.get(key);
  if (!known) loads.set(key, (known = createLoads(sender(target), target.perRequest)));
  return known;
}

function sender(target: EventTarget) {
  const lanes = lanesByPort.get(target.port) ?? createHttpLanes(target.port);
  lanesByPort.set(target.port, lanes);
  return async (group: string, first: number, end: number): Promise<void> => {
    const request = eventRequest(target, group, first, end);
    let status = await lanes.send(request);
    // Told to come back later: a publisher does.
    for (; status === 429 || status === 503; status = await lanes.send(request)) await sleep(pushBackMs);
    if (status !== 202) throw new Error(`a publish was answered ${status}`);
  };
}

answerParent(async (raw) => {
  const { target, load } = generatorQuestion.parse(raw);
  return loadsOf(target)(load);
});
