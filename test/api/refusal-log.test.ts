import pino from 'pino';
import { createRefusalLog, type Refusal } from '../../src/api/refusal-log';
import type { NewAuditEntry } from '../../src/store/audit';
import { StoreUnavailable } from '../../src/store/database';

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

const refusal = (rest: Partial<Refusal> = {}): Refusal => ({
  tenantId: 't',
  actor: 'client:c',
  action: 'client.authenticate',
  objectType: 'client',
  objectId: 'c',
  fields: [],
  address: '192.0.2.1',
  requestId: 'first',
  ...rest,
});

function refusalLog(append: (entry: NewAuditEntry) => Promise<void> = () => Promise.resolve()) {
  const written: NewAuditEntry[] = [];
  const audit = {
    append: async (entry: NewAuditEntry) => {
      await append(entry);
      written.push(entry);
    },
  };
  return { refusals: createRefusalLog({ audit, log: pino({ level: 'silent' }) }), written };
}

const aMinute = () => jest.advanceTimersByTimeAsync(60_000);

it('what is alike is one entry a minute, with its number and what the first one had', async () => {
  const { refusals, written } = refusalLog();
  for (let index = 0; index < 20; index += 1) refusals.note(refusal({ requestId: index === 0 ? 'first' : 'later' }));
  refusals.note(refusal({ address: '192.0.2.2' }));
  refusals.note(refusal({ tenantId: null, actor: 'unknown', objectId: '' }));
  await jest.advanceTimersByTimeAsync(59_999);
  expect(written).toEqual([]);
  await jest.advanceTimersByTimeAsync(1);
  expect(written).toEqual([
    { ...refusal(), outcome: 'failure', count: 20 },
    { ...refusal({ address: '192.0.2.2' }), outcome: 'failure', count: 1 },
    { ...refusal({ tenantId: null, actor: 'unknown', objectId: '' }), outcome: 'failure', count: 1 },
  ]);
  await aMinute();
  expect(written).toHaveLength(3);
  refusals.note(refusal());
  await aMinute();
  expect(written.at(-1)).toMatchObject({ count: 1 });
});

it('guessers from a thousand addresses make 200 entries and one for the rest', async () => {
  const { refusals, written } = refusalLog();
  for (let index = 0; index < 1_000; index += 1) refusals.note(refusal({ address: `2001:db8::${index}` }));
  await aMinute();
  expect(written).toHaveLength(201);
  expect(written.at(-1)).toMatchObject({ address: null, requestId: null, actor: 'client:c', count: 800 });
});

it('waits for the database to be back, and adds what came meanwhile', async () => {
  let isAway = true;
  const { refusals, written } = refusalLog(() =>
    isAway ? Promise.reject(new StoreUnavailable(null)) : Promise.resolve(),
  );
  refusals.note(refusal());
  await aMinute();
  refusals.note(refusal());
  isAway = false;
  await aMinute();
  expect(written).toMatchObject([{ count: 2 }]);
});

it('gives up what the database will never take, and writes the rest', async () => {
  const { refusals, written } = refusalLog(({ tenantId }) =>
    tenantId === 'gone' ? Promise.reject(new Error('violates foreign key')) : Promise.resolve(),
  );
  refusals.note(refusal({ tenantId: 'gone' }));
  refusals.note(refusal());
  await aMinute();
  await aMinute();
  expect(written).toMatchObject([{ tenantId: 't', count: 1 }]);
});

it('writes at once what it has when it is closed, and nothing afterwards', async () => {
  const { refusals, written } = refusalLog();
  refusals.note(refusal());
  await refusals.close();
  expect(written).toHaveLength(1);
  refusals.note(refusal());
  await aMinute();
  expect(written).toHaveLength(1);
});
