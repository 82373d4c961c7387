import { exitCodes } from '../../src/cli/failure';
import { problems } from '../../src/api/errors/api-error';
import { failureCodes } from '../../src/domain/credential-run';
import { errorClasses } from '../../src/domain/delivery';
import { readDocument, section, tableRows } from './documents';

const document = readDocument('docs/troubleshooting.md');

/** First cells of the table with this heading, without quotes and links. */
const named = (first: string) =>
  tableRows(document.text, first).map(([cell = '']) => cell.replaceAll(/[`[\]]|\(#.*\)/g, ''));

describe('docs/troubleshooting.md', () => {
  it('explains every error class, and no other', () => {
    expect(named('error class')).toEqual(errorClasses);
  });

  it.each(errorClasses)('says of %s what the receiver does, and what the operator', (name) => {
    const text = section(document, `### ${name}`);
    expect(text).toContain('- **Receiver:** ');
    expect(text).toContain('- **Operator:** ');
  });

  it('explains every problem that the API answers with, by its status', () => {
    const rows = tableRows(document.text, 'problem').map(([slug = '', status]) => [
      slug.replaceAll('`', ''),
      Number(status),
    ]);
    expect(rows).toEqual(Object.entries(problems).map(([slug, { status }]) => [slug, status]));
  });

  it('explains every code of an operation on credentials', () => {
    expect(named('code')).toEqual(failureCodes);
  });

  it('explains every exit code', () => {
    expect(named('exit code').map(Number)).toEqual(Object.values(exitCodes));
  });
});
