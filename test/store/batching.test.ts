import { createBatching } from '../../src/store/batching';
import { StoreUnavailable } from '../../src/store/database';

interface Statement {
  items: readonly string[];
  /** Ends it with each item in capitals. */
  end(): Promise<void>;
  fail(error: Error): Promise<void>;
}

/** Statements that end when the test says so. */
function heldStatements() {
  const statements: Statement[] = [];
  const then = (settle: () => void) => async () => {
    settle();
    // Whatever follows from it, the next statement too, has happened by then.
    await new Promise(setImmediate);
  };
  return {
    statements,
    batches: () => statements.map(({ items }) => items.join('')),
    run: (items: readonly string[]) =>
      new Promise<string[]>((resolve, reject) => {
        statements.push({
          items,
          end: then(() => resolve(items.map((item) => item.toUpperCase()))),
          fail: (error) => then(() => reject(error))(),
        });
      }),
  };
}

const outcomes = (answers: Promise<string>[]) =>
  Promise.all(answers.map((answer) => answer.catch((error: Error) => error.message)));

it('runs at once and alone what is asked while nothing runs', async () => {
  const { run, batches, statements } = heldStatements();
  const answer = createBatching({ run, most: 10 })('a');
  expect(batches()).toEqual(['a']);
  await statements[0]?.end();
  await expect(answer).resolves.toBe('A');
});

it('runs together what is asked while two statements run, and gives each caller its own result', async () => {
  const { run, batches, statements } = heldStatements();
  const answers = ['a', 'b', 'c', 'd', 'e'].map(createBatching({ run, most: 10 }));
  expect(batches()).toEqual(['a', 'b']);
  await statements[1]?.end();
  expect(batches()).toEqual(['a', 'b', 'cde']);
  await statements[2]?.end();
  // The first one still runs: a statement that waits for a lock holds nobody else up.
  expect(await outcomes(answers.slice(1))).toEqual(['B', 'C', 'D', 'E']);
  await statements[0]?.end();
  expect(await outcomes(answers)).toEqual(['A', 'B', 'C', 'D', 'E']);
});

it('runs no more together than it may, in the order asked', async () => {
  const { run, batches, statements } = heldStatements();
  const answers = [...'abcdefg'].map(createBatching({ run, most: 2 }));
  for (let index = 0; index < 5; index += 1) await statements[index]?.end();
  expect(batches()).toEqual(['a', 'b', 'cd', 'ef', 'g']);
  expect(await outcomes(answers)).toEqual([...'ABCDEFG']);
});

it('keeps items of one key apart, the later one after the earlier', async () => {
  const { run, batches, statements } = heldStatements();
  const ask = createBatching({ run, most: 10, keyOf: (item: string) => item.slice(0, 1) });
  const answers = ['x', 'y', 'a1', 'b1', 'a2', 'a3', 'c1'].map(ask);
  await statements[0]?.end();
  expect(batches()).toEqual(['x', 'y', 'a1b1c1']);
  for (let index = 1; index < 5; index += 1) await statements[index]?.end();
  expect(batches()).toEqual(['x', 'y', 'a1b1c1', 'a2', 'a3']);
  expect(await outcomes(answers)).toEqual(['X', 'Y', 'A1', 'B1', 'A2', 'A3', 'C1']);
});

it('runs each item alone again after an error, so that only the one at fault fails', async () => {
  const { run, batches, statements } = heldStatements();
  const answers = outcomes(['a', 'b', 'c', 'd', 'e'].map(createBatching({ run, most: 10 })));
  await statements[0]?.end();
  await statements[2]?.fail(new Error('d can not be stored'));
  await statements[3]?.end();
  await statements[4]?.fail(new Error('d can not be stored'));
  await statements[5]?.end();
  await statements[1]?.end();
  expect(batches()).toEqual(['a', 'b', 'cde', 'c', 'd', 'e']);
  expect(await answers).toEqual(['A', 'B', 'C', 'd can not be stored', 'E']);
});

it('tells an outage to all callers of the batch at once, and goes on afterwards', async () => {
  const { run, batches, statements } = heldStatements();
  const ask = createBatching({ run, most: 10 });
  const answers = outcomes(['a', 'b', 'c', 'd'].map(ask));
  await statements[0]?.end();
  await statements[1]?.end();
  await statements[2]?.fail(new StoreUnavailable(new Error('connection lost')));
  expect(await answers).toEqual(['A', 'B', 'the database is unavailable', 'the database is unavailable']);
  const later = ask('e');
  await statements[3]?.end();
  expect(batches()).toEqual(['a', 'b', 'cd', 'e']);
  await expect(later).resolves.toBe('E');
});

it('turns away who has waited for a turn too long, and only them', async () => {
  jest.useFakeTimers({ doNotFake: ['setImmediate'] });
  try {
    const { run, batches, statements } = heldStatements();
    const ask = createBatching({ run, most: 1 });
    const answers = [...'abc'].map(ask);
    const failed = expect(answers[2]).rejects.toBeInstanceOf(StoreUnavailable);
    await jest.advanceTimersByTimeAsync(6_000);
    const late = ask('d');
    await jest.advanceTimersByTimeAsync(4_000);
    await failed;
    await statements[0]?.end();
    expect(batches()).toEqual(['a', 'b', 'd']);
    await statements[2]?.end();
    await expect(late).resolves.toBe('D');
    const later = expect(ask('e')).resolves.toBe('E');
    await jest.advanceTimersByTimeAsync(60_000);
    await statements[3]?.end();
    await later;
  } finally {
    jest.useRealTimers();
  }
});
