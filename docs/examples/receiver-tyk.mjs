// Prints each request of a Tyk webhook as it came, and whether it is genuine. SECRET is what the creation showed.
import { createServer } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { verifyStandardWebhooks, verifyTyk } from 'everhook/verify';

const port = Number(process.env.RECEIVER_PORT ?? 9010);
createServer(async (request, response) => {
  const { method, url, headers } = request;
  if (method === 'HEAD') return response.writeHead(204).end(); // "Test Connection"
  const body = await buffer(request);
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  console.log([`${method} ${url} HTTP/1.1`, ...lines, '', body].join('\n'));
  try {
    verifyTyk({ headers, body, secrets: process.env.SECRET }); // what receivers made for Tyk's portal check
    const event = verifyStandardWebhooks({ headers, body, secrets: process.env.SECRET }); // refuses old requests too
    console.log(`=> genuine: ${event.type} ${event.id}\n`);
    response.writeHead(204).end();
  } catch (error) {
    console.log(`=> refused: ${error.message}\n`);
    response.writeHead(error.status ?? 500).end();
  }
}).listen(port, 'localhost');
