const emptyLine = Buffer.from('\r\n\r\n');

/**
 * Cuts what comes over a connection into HTTP/1.1 messages, and hands over the head of each (latin1, with its last line
 * end) once its body is there too; the body itself is skipped. For requests with `content-length`, and for answers.
 * @throws Error for a body in chunks: nobody here sends any
 */
export function createMessageReader(onMessage: (head: string) => void): (chunk: Buffer) => void {
  let unread: Buffer | null = null;
  let head = '';
  /** Of the body; -1: the head isn't complete. */
  let missing = -1;

  return (chunk) => {
    const bytes = unread ? Buffer.concat([unread, chunk]) : chunk;
    unread = null;
    let position = 0;
    while (position < bytes.length) {
      if (missing < 0) {
        const end = bytes.indexOf(emptyLine, position);
        if (end < 0) break;
        head = bytes.toString('latin1', position, end + 2);
        position = end + 4;
        missing = bodyLength(head);
      }
      const skipped = Math.min(missing, bytes.length - position);
      position += skipped;
      missing -= skipped;
      if (missing > 0) break;
      missing = -1;
      onMessage(head);
    }
    if (position < bytes.length) unread = bytes.subarray(position);
  };
}

const contentLength = /\r\ncontent-length: *(\d+)/i;
const chunked = /\r\ntransfer-encoding: *chunked/i;

function bodyLength(head: string): number {
  const length = contentLength.exec(head);
  if (length) return Number(length[1]);
  if (chunked.test(head)) throw new Error('a body in chunks');
  return 0;
}
