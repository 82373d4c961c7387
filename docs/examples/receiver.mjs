// Prints each request as it came, and whether it is genuine. SECRET is the webhook's signing secret.
import { createServer } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { verifyStandardWebhooks } from 'everhook/verify';

const handled = new Set(); // in earnest: a table with a unique key, written in the transaction that does the work

const port = Number(process.env.RECEIVER_PORT ?? 9010);
createServer(async (request, response) => {
  const { method, url, headers } = request;
  const body = await buffer(request); // the bytes as they came: parsed and printed again they would differ
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  console.log([`${method} ${url} HTTP/1.1`, ...lines, '', body].join('\n'));
  try {
    const event = verifyStandardWebhooks({ headers, body, secrets: process.env.SECRET });
    console.log(
      handled.has(event.id) ? `=> ${event.id} was handled before\n` : `=> genuine: ${event.type} ${event.id}\n`,
    );
    handled.add(event.id);
    response.writeHead(204).end();
  } catch (error) {
    console.log(`=> refused: ${error.message}\n`);
    response.writeHead(error.status ?? 500).end();
  }
}).listen(port, 'localhost');
