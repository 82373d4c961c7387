// Prints each request of a sovrin webhook as it came, and whether it is genuine. WEBHOOK is the registration's id.
import { createServer } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { fetchedKeys, verifySovrin } from 'everhook/verify';

const keys = fetchedKeys(`${process.env.EVERHOOK_URL}/v1/webhooks/jwks`); // once: it is the cache

const port = Number(process.env.RECEIVER_PORT ?? 9010);
createServer(async (request, response) => {
  const { method, url, headers } = request;
  const body = await buffer(request);
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  console.log([`${method} ${url} HTTP/1.1`, ...lines, '', body].join('\n'));
  try {
    const host = `localhost:${port}`; // of the URL that was registered, whatever the request says
    const webhookIds = process.env.WEBHOOK;
    const event = await verifySovrin({ method, url, headers, body, host, webhookIds, keys });
    console.log(`=> genuine: ${event.type} ${event.id}\n`);
    response.writeHead(204).end();
  } catch (error) {
    console.log(`=> refused: ${error.message}\n`);
    response.writeHead(error.status ?? 500).end();
  }
}).listen(port, 'localhost');
