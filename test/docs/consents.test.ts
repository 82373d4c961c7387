import { consentDiagram } from '../../src/domain/consent/diagram';
import { consentEvents } from '../../src/domain/consent/machine';
import { codeBlocks, readDocument, tableRows } from './documents';

const { text } = readDocument('docs/consents.md');

describe('docs/consents.md', () => {
  it('has the state diagram as it follows from the table', () => {
    const [diagram] = codeBlocks(text).filter(({ language }) => language === 'mermaid');
    expect(diagram?.text).toBe(consentDiagram());
  });

  it('explains every event of a consent, and no other', () => {
    expect(tableRows(text, 'event').map(([cell = '']) => cell.replaceAll('`', ''))).toEqual(consentEvents);
  });
});
