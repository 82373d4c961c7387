import type { ConsentDocument, DeliveryDocument } from '../../../src/cli/api-documents';
import { renderConsentChange, renderConsents } from '../../../src/cli/demo/consents';
import { createScreen, firstThatFits, linesOnScreen } from '../../../src/cli/screen';
import { renderChange, renderDeliveries } from '../../../src/cli/demo/table';

const now = new Date('2026-01-01T10:00:00.000Z');
const pending: DeliveryDocument = {
  id: 'd1',
  eventId: 'e1',
  eventType: 'OpenIdCredentialIssued',
  webhookId: 'w1',
  status: 'pending',
  attempts: [{ number: 1, startedAt: now.toISOString(), durationMs: 3, statusCode: 503, errorClass: 'http_status' }],
  nextAttemptAt: '2026-01-01T10:00:01.250Z',
  createdAt: now.toISOString(),
  temporalUrl: 'http://ui/workflows/d1',
};
const nameOf = () => 'flaky';

test('a row says what happened last and when it goes on', () => {
  const [head, row, ...links] = renderDeliveries([pending], nameOf, now, { links: true }).split('\n');
  expect(head?.split(/ {2,}/)).toEqual(['#', 'WEBHOOK', 'EVENT', 'STATUS', 'ATTEMPTS', 'LAST OUTCOME', 'NEXT ATTEMPT']);
  expect(row?.split(/ {2,}/)).toEqual(['1', 'flaky', pending.eventType, 'pending', '1', '503 http_status', 'in 1.3 s']);
  expect(links).toEqual(['', 'In the Temporal Web UI:', '  1  http://ui/workflows/d1']);
});

test('a line of change says the same', () => {
  expect(renderChange(pending, nameOf, now).split(/ {2,}/)).toEqual([
    '10:00:00',
    'flaky',
    'OpenIdCredentialIssued',
    'pending',
    'attempts 1',
    'last 503 http_status',
    'next in 1.3 s',
  ]);
  expect(renderChange({ ...pending, status: 'delivered' }, nameOf, now)).not.toContain('next');
});

test('a consent shows when it expires, as long as it can', () => {
  const consent: ConsentDocument = {
    consentId: 'urn:everhook:1',
    type: 'DATA',
    status: 'AUTHORISED',
    permissions: [],
    createdAt: now.toISOString(),
    statusUpdatedAt: now.toISOString(),
    expiresAt: '2026-01-01T10:00:09.000Z',
  };
  const ended = { ...consent, status: 'REVOKED', expiresAt: null };
  const rows = renderConsents([consent, ended], () => 'mine', now).split('\n');
  expect(rows.map((row) => row.split(/ {2,}/))).toEqual([
    ['CONSENT', 'TYPE', 'STATUS', 'EXPIRES'],
    ['mine', 'DATA', 'AUTHORISED', 'in 9.0 s'],
    ['mine', 'DATA', 'REVOKED'],
  ]);
  expect(renderConsentChange(consent, () => 'mine', now)).toMatch(
    /^10:00:00 {2}consent +mine +AUTHORISED {2}expires in 9.0 s$/,
  );
  expect(renderConsentChange(ended, () => 'mine', now)).not.toContain('expires');
});

test('a screen draws over all lines of what it drew before, wrapped ones too', () => {
  let written = '';
  const screen = createScreen({ columns: 10, rows: 24, write: (text) => (written += text) });
  screen.draw('one\nlonger than ten');
  screen.draw('two');
  expect(written).toBe('\r\u001b[Jone\nlonger than ten\n\u001b[3A\r\u001b[Jtwo\n');
  expect(linesOnScreen('one\n\nlonger than ten', 10)).toBe(4);
  screen.leave('stays');
  screen.draw('three');
  expect(written).toMatch(/two\n\u001b\[1A\r\u001b\[Jstays\n\r\u001b\[Jthree\n$/);
});

test('of several texts the first that leaves room for the cursor is drawn, or else the last', () => {
  const terminal = { columns: 80, rows: 3 };
  expect(firstThatFits(['1\n2\n3', '1\n2', '1'], terminal)).toBe('1\n2');
  expect(firstThatFits(['1\n2\n3', '1\n2\n3\n4'], terminal)).toBe('1\n2\n3\n4');
});
