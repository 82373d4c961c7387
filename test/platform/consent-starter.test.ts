import pino from 'pino';
import type { StartableConsent } from '../../src/domain/consent-run';
import { createConsentStarter } from '../../src/platform/consent-starter';
import { TemporalUnavailable } from '../../src/platform/temporal';

const consent = (id: string): StartableConsent => ({
  tenantId: 'tenant',
  id,
  type: 'DATA',
  status: 'AWAITING_AUTHORISATION',
});

function starterWith(start: (consent: StartableConsent) => Promise<void>) {
  const lines: { level: number; workflowId: string }[] = [];
  const log = pino({ base: null }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  return { starter: createConsentStarter({ runs: { start }, log }), lines };
}

it('starts the run of a consent, and waits for it at the end', async () => {
  const started: string[] = [];
  let release: () => void = () => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  const { starter } = starterWith(async ({ id }) => {
    await held;
    started.push(id);
  });
  starter.start(consent('one'));
  starter.start(consent('two'));
  const closed = starter.close();
  expect(started).toEqual([]);
  release();
  await closed;
  expect(started).toEqual(['one', 'two']);
});

it.each([
  ['an outage', new TemporalUnavailable(new Error('away')), 40],
  ['a refusal', new Error('bad request'), 50],
])('%s is a log line and no more: the sweeper starts the consent', async (_what, error, level) => {
  const { starter, lines } = starterWith(() => Promise.reject(error));
  starter.start(consent('lost'));
  await starter.close();
  expect(lines).toMatchObject([{ level, workflowId: 'consent/tenant/lost' }]);
});

it('keeps no more than 100 starts in flight, and takes others again once they are through', async () => {
  let started = 0;
  let release: () => void = () => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  const { starter } = starterWith(() => {
    started += 1;
    return held;
  });
  for (let n = 0; n < 150; n += 1) starter.start(consent(`c-${n}`));
  expect(started).toBe(100);
  release();
  await starter.close();
  starter.start(consent('later'));
  expect(started).toBe(101);
});
