import { Secret } from '../../src/domain/secret';
import { createLogger, errorForLog } from '../../src/platform/logging';

function loggerInto(lines: string[], level = 'trace') {
  return createLogger({ level, role: 'worker', destination: { write: (line) => void lines.push(line) } });
}

const logged = (write: (log: ReturnType<typeof createLogger>) => void) => {
  const lines: string[] = [];
  write(loggerInto(lines));
  return { text: lines.join(''), lines: lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
};

describe('a log line', () => {
  it('is JSON with its level as a word, an ISO time and the role of its process', () => {
    const { lines } = logged((log) => log.child({ deliveryId: 'd' }).info({ statusCode: 200 }, 'attempt delivered'));
    expect(lines).toEqual([
      {
        level: 'info',
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        role: 'worker',
        deliveryId: 'd',
        statusCode: 200,
        msg: 'attempt delivered',
      },
    ]);
  });

  it('is written from its level on', () => {
    const lines: string[] = [];
    const log = loggerInto(lines, 'warn');
    log.info('no');
    log.warn('yes');
    expect(lines).toHaveLength(1);
  });

  it.each(['authorization', 'headers', 'password', 'secret'])('never shows %s, at the top or one below', (name) => {
    const { text } = logged((log) => log.info({ [name]: 'canary', request: { [name]: 'canary' } }, 'x'));
    expect(text).not.toContain('canary');
    expect(text.match(/\[redacted\]/g)).toHaveLength(2);
  });

  it('shows a Secret as [redacted], wherever it is', () => {
    const { text } = logged((log) =>
      log.info({ deep: { down: [new Secret('canary')] } }, 'x %s', new Secret('canary')),
    );
    expect(text).not.toContain('canary');
    expect(text).toContain('[redacted]');
  });
});

describe('an error in the log', () => {
  it('has name, message, code, the frames of its stack, and its causes', () => {
    const cause = Object.assign(new TypeError('inner'), { code: 'E_INNER' });
    const { lines } = logged((log) => log.error({ err: new Error('outer', { cause }) }, 'failed'));
    expect(lines[0]?.err).toEqual({
      name: 'Error',
      message: 'outer',
      stack: expect.stringMatching(/^\s+at /),
      cause: { name: 'TypeError', message: 'inner', code: 'E_INNER', stack: expect.any(String) },
    });
  });

  it('has nothing that libraries hang on their errors', () => {
    const error = Object.assign(new Error('refused'), {
      config: { headers: { authorization: 'canary' } },
      detail: 'Key (name)=(canary) already exists.',
      response: { body: 'canary' },
      parameters: ['canary'],
    });
    const { text } = logged((log) => log.error({ err: error }, 'failed'));
    expect(text).not.toContain('canary');
  });

  it("has PostgreSQL's words without the statement that knex puts before them", () => {
    expect(errorForLog(new Error('insert into "t" ("a") values ($1) - deadlock detected')).message).toBe(
      'deadlock detected',
    );
  });

  it('has of a message of several lines no more than a message', () => {
    const error = new Error(`first\n${'canary '.repeat(200)}`);
    const { message, stack } = errorForLog(error);
    expect(message.length).toBeLessThanOrEqual(500);
    expect(stack).not.toContain('canary');
  });

  it('that is none says so and no more', () => {
    expect(errorForLog('canary')).toEqual({ name: 'string', message: 'not an Error' });
    expect(errorForLog(undefined)).toEqual({ name: 'undefined', message: 'not an Error' });
    expect(errorForLog({ message: 'canary' })).toEqual({ name: 'object', message: 'not an Error' });
  });
});
