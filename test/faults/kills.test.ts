import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { logToStderr } from '../../scripts/local-stack/log';
import {
  createTenant,
  startEverhook,
  tenantApi,
  type EverhookProcess,
  type Surroundings,
  type TenantApi,
} from '../support/everhook';
import { startOwnStack, type OwnStack } from '../support/own-stack';
import { testTaskQueue } from '../support/temporal';
import { startCountingReceiver, type CountingReceiver } from './counting-receiver';
import { eventType, expectNothingLost, startLoad } from './load';
import { faultSeconds } from './seconds';

const killingMs = faultSeconds(300) * 1000;
/** Between two kills, the time in which the killed one is started again included; in milliseconds. */
const betweenKills = { least: 2_000, most: 12_000 };

interface Place {
  command: 'api' | 'worker';
  process: EverhookProcess;
}

describe('every accepted event is delivered, and none twice but those in flight', () => {
  let stack: OwnStack;
  let receiver: CountingReceiver;
  let around: Surroundings;
  let places: Place[] = [];
  let api: TenantApi;

  beforeAll(async () => {
    [stack, receiver] = await Promise.all([startOwnStack(), startCountingReceiver()]);
    around = {
      databaseUrl: stack.databaseUrl,
      temporalAddress: stack.temporalAddress,
      taskQueue: testTaskQueue(),
      allow: [receiver.url],
      settings: { RETRY_BASE: '1s', SWEEP_INTERVAL: '2s' },
    };
    const commands = ['api', 'worker', 'worker'] as const;
    places = await Promise.all(
      commands.map(async (command) => ({ command, process: await startEverhook(command, around) })),
    );
    const [first] = places;
    api = await tenantApi(() => first?.process.url ?? '', await createTenant(around));
    const webhook = { targetUrl: `${receiver.url}/hook`, events: [eventType] };
    expect((await api.call('POST', '/api/v1/webhooks', webhook)).status).toBe(201);
  }, 120_000);

  afterAll(async () => {
    await Promise.all(places.map((place) => place.process.stop()));
    await receiver?.close();
    await stack?.remove();
  }, 60_000);

  it(
    'although the API and workers are killed at random, again and again',
    async () => {
      const going = startLoad({ api, receiver, databaseUrl: stack.databaseUrl });
      await going.flows(30);
      const kills = { api: 0, worker: 0 };
      const until = performance.now() + killingMs;
      while (performance.now() < until) {
        await sleep(randomInt(betweenKills.least, betweenKills.most));
        // As often the API, of which there is one, as a worker, of which there are two.
        const place = places[randomInt(2) * randomInt(1, places.length)];
        if (!place) continue;
        await place.process.kill();
        kills[place.command] += 1;
        if (place.command === 'worker') await going.noteInFlight();
        place.process = await startEverhook(place.command, around);
      }
      going.mended();
      await going.flows(30);
      const times = `the API ${kills.api} times and workers ${kills.worker} times in ${killingMs / 1000} s`;
      const account = await going.settle(`killed ${times}`);
      expectNothingLost(account);
      // A publish either was answered 202 or hit an API that was not there.
      expect([...going.refused.keys()].filter((end) => end !== 'none')).toEqual([]);
      if (account.duplicates === 0) logToStderr('Fault: no kill came between an answer and its record');
    },
    killingMs + 400_000,
  );
});
