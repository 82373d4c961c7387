import { difference, stepsOf } from './walkthrough';

const page = (text: string) => ({ file: 'page.md', text });
const json = (shown: unknown, printed: unknown) =>
  difference({ language: 'json', text: JSON.stringify(shown) }, JSON.stringify(printed));

describe('an answer as JSON', () => {
  it.each([
    [
      { id: '01…', n: 1 },
      { id: '01ab', n: 1 },
    ],
    [{ durationMs: 12 }, { durationMs: 40 }],
    [
      { a: 1, '…': '…' },
      { a: 1, b: 2 },
    ],
    [
      [{ a: 1 }, '…'],
      [{ a: 1 }, { a: 2 }],
    ],
  ])('%j is %j', (shown, printed) => expect(json(shown, printed)).toBeNull());

  it.each([
    [{ id: '01…' }, { id: '02ab' }],
    [{ status: 1 }, { status: 2 }],
    [{ a: 1 }, { a: 1, b: 2 }],
    [{ a: 1, b: 2 }, { a: 1 }],
    [{ a: '1' }, { a: 1 }],
    [{ a: null }, { a: '' }],
    [[1], [1, 1]],
    [[1, '…'], []],
    [{ durationMs: 12 }, { durationMs: null }],
  ])('%j is not %j', (shown, printed) => expect(json(shown, printed)).not.toBeNull());

  it('is one document', () => {
    expect(difference({ language: 'json', text: '{}' }, '{}\n{}')).not.toBeNull();
  });
});

describe('an answer as text', () => {
  const differs = (text: string, printed: string) => difference({ language: 'output', text }, printed) !== null;

  it('is compared line by line', () => {
    expect(differs('a  b\n…\nc: 1…\n', 'a    b\nx\ny\nc: 123\n')).toBe(false);
    expect(differs('a\n…\nb\n', 'a\nb')).toBe(false);
    expect(differs('a (b) [c] .*\n', 'a (b) [c] .*')).toBe(false);
    expect(differs('a\nb\n', 'a\n')).toBe(true);
    expect(differs('a\n', 'a\nb\n')).toBe(true);
    expect(differs('a.c\n', 'abc\n')).toBe(true);
    expect(differs('a…\n', 'xa\n')).toBe(true);
  });
});

describe('a page', () => {
  const block = (language: string) => `\`\`\`${language}\nx\n\`\`\`\n`;

  it('has its commands, with what they answer and what is waited for', () => {
    const [first, second, ...others] = stepsOf(
      page(`${block('sh')}\n<!-- until a b -->\n${block('json')}${block('sh')}`),
    );
    expect(first).toEqual({
      file: 'page.md',
      line: 1,
      commands: 'x\n',
      needs: [],
      until: ['a b'],
      answer: { language: 'json', text: 'x\n' },
    });
    expect([second?.line, second?.answer, others]).toEqual([9, null, []]);
  });

  it.each([
    ['an answer to nothing', block('json')],
    ['two answers', block('sh') + block('json') + block('http')],
    ['what is not run and does not say why', block('text')],
    ['an excuse for another block', `<!-- not run: why -->\n${block('sh')}${block('text')}`],
    ['a language that nobody runs', block('python')],
    ['a block without a language', block('')],
    ['one in a list', '- one\n\n  ```text\n  x\n  ```\n'],
  ])('may not have %s', (_, text) => expect(() => stepsOf(page(text))).toThrow('page.md:'));

  it('may have what can not be run', () => {
    const excused = ['text', 'sh', 'json', ''].map((language) => `<!-- not run: why -->\n\n${block(language)}`);
    expect(stepsOf(page(excused.join('\n')))).toEqual([]);
  });

  it('says which programs a block needs, and has those of lists', () => {
    const [first, second] = stepsOf(
      page(`<!-- needs jq aws -->\n\n${block('sh')}\n- one\n\n  \`\`\`sh\n  a\n    b\n  \`\`\`\n`),
    );
    expect(first).toMatchObject({ needs: ['jq', 'aws'], commands: 'x\n' });
    expect(second).toMatchObject({ needs: [], commands: 'a\n  b\n' });
  });
});
