import { consentDiagram } from '../../../src/domain/consent/diagram';
import { consentStatuses, consentTransitions } from '../../../src/domain/consent/machine';

describe('the diagram of a consent', () => {
  const lines = consentDiagram().split('\n');

  it('has an arrow for each transition, and no other between two statuses', () => {
    const arrows = lines.flatMap((line) => /^ {2}([A-Z_]+) --> ([A-Z_]+): /.exec(line)?.slice(1, 3).join(' ') ?? []);
    expect(arrows.sort()).toEqual(consentTransitions.map(({ from, to }) => `${from} ${to}`).sort());
  });

  it('begins where a consent begins and ends where nothing more can happen', () => {
    expect(lines[0]).toBe('stateDiagram-v2');
    expect(lines.filter((line) => line.includes('[*]')).map((line) => line.trim().split(':')[0])).toEqual([
      '[*] --> AWAITING_AUTHORISATION',
      'EXPIRED --> [*]',
      'REVOKED --> [*]',
    ]);
    for (const status of consentStatuses) expect(consentDiagram()).toContain(status);
  });

  it('says what moves it and what is told', () => {
    expect(consentDiagram()).toContain('AUTHORISED --> EXPIRED: not consumed in time → consent#58;expired');
    expect(consentDiagram()).toContain('AUTHORISED --> CONSUMED: consume\n');
  });

  it('has one colon a line, for mermaid takes the first for the end of a name', () => {
    expect(lines.filter((line) => line.split(':').length > 2)).toEqual([]);
  });
});
