import { createMessageReader } from '../../bench/http-messages';

const first =
  'POST /accept HTTP/1.1\r\nhost: a\r\ncontent-length: 11\r\nwebhook-id: g-1\r\n\r\n{"a":"\r\n\r\n"}'.replace(
    'content-length: 11',
    'content-length: 12',
  );
const second = 'POST /hang HTTP/1.1\r\nContent-Length: 0\r\nwebhook-id: g-2\r\n\r\n';
const third = 'GET / HTTP/1.1\r\nhost: b\r\n\r\n';
const heads = ['POST /accept', 'POST /hang', 'GET /'];

function read(chunks: Buffer[]): string[] {
  const seen: string[] = [];
  const reader = createMessageReader((head) => seen.push(head.slice(0, head.indexOf(' HTTP'))));
  for (const chunk of chunks) reader(chunk);
  return seen;
}

it('finds the messages however they were cut', () => {
  const bytes = Buffer.from(first + second + third);
  expect(read([bytes])).toEqual(heads);
  expect(read(Array.from(bytes, (byte) => Buffer.of(byte)))).toEqual(heads);
  for (let at = 1; at < bytes.length; at += 1) expect(read([bytes.subarray(0, at), bytes.subarray(at)])).toEqual(heads);
});

it('hands over a message when its body is there, with its whole head', () => {
  const seen: string[] = [];
  const reader = createMessageReader((head) => seen.push(head));
  const end = first.length - 1;
  reader(Buffer.from(first.slice(0, end)));
  expect(seen).toEqual([]);
  reader(Buffer.from(first.slice(end)));
  expect(seen).toEqual([first.slice(0, first.indexOf('\r\n\r\n') + 2)]);
});

it('refuses a body in chunks rather than miscounting', () => {
  expect(() => read([Buffer.from('POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n')])).toThrow('chunks');
});
