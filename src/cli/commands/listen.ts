import { InvalidArgumentError, type Command } from 'commander';
import { isEverhookError } from '../../client';
import { fetchedKeys, type KeySource } from '../../verify';
import { apiClientFromEnvironment, type ApiClient } from '../api-client';
import { idDocument, read, secretDocument, webhookDocument } from '../api-documents';
import { apiUrl } from '../api-url';
import { list, uuid, wholeNumberFrom } from '../arguments';
import { CommandFailure, exitCodes } from '../failure';
import { listenForDeliveries } from '../listen/server';
import { deliveryText } from '../listen/text';
import type { VerifiedWith } from '../listen/verdict';
import { outputOf, printable, type Output } from '../output';
import { listenForNoReader, listenForStop } from '../stop-signal';

interface ListenOptions {
  port: number;
  host: string;
  webhook?: string;
  create?: boolean;
  events?: string[];
  url?: string;
  forward?: string;
  status: number;
}

export function addListenCommand(program: Command): void {
  program
    .command('listen')
    .description('receive deliveries on this machine, verify and show them, until Ctrl-C')
    .option('--port <number>', 'where to listen; 0 takes a free port', wholeNumberFrom(0, 65_535), 9010)
    .option('--host <address>', 'the address to listen on', '127.0.0.1')
    .option('--create', 'register a webhook for this listener, and delete it at the end; needs --events')
    .option('--events <list>', 'with --create: the event types it wants, comma-separated', list)
    .option('--url <url>', 'with --create: where Everhook reaches this listener, if not at http://localhost:<port>')
    .option(
      '--webhook <id>',
      'the webhook whose deliveries these are: read from the API, to verify its signatures',
      uuid,
    )
    .option('--forward <url>', 'hand deliveries on to an app, and answer what it answers', webUrl)
    .option('--status <code>', 'what to answer, 200 to 599', wholeNumberFrom(200, 599), 204)
    .addHelpText(
      'after',
      `
EVERHOOK_WEBHOOK_SECRET has the webhook's secret, several comma-separated while it is rotated; --create knows its own.
Signatures of sovrin are verified with the keys that EVERHOOK_URL publishes. What is not genuine is answered 401 and not
handed on. --json prints a line for every delivery, the first line says where it listens.

The API refuses http://localhost:9010 unless its EGRESS_ALLOW, and that of its workers, has it.

Examples:
  $ everhook listen --create --events 'invoice.*'
  $ EVERHOOK_WEBHOOK_SECRET=whsec_… everhook listen --port 9010 --forward http://localhost:8080/hooks
  $ everhook listen --status 503  # to see retries`,
    )
    .action(serve);
}

async function serve(options: ListenOptions, command: Command): Promise<void> {
  const output = outputOf(command);
  checkTogether(options);
  const stop = listenForStop();
  const ended = options.create ? Promise.race([stop.requested, listenForNoReader()]) : stop.requested;
  let verifiedWith = await startingWith(options, output);
  const listener = await listenForDeliveries({
    ...options,
    forwardTo: options.forward ?? null,
    verifiedWith: () => verifiedWith,
    onDelivery: (delivery) => output.answer(delivery, deliveryText(delivery, output.paint)),
  });
  try {
    const url = options.url ?? `http://localhost:${listener.port}`;
    const registered = options.create
      ? await register(apiClientFromEnvironment(process.env), url, options, output)
      : null;
    if (registered) verifiedWith = { ...verifiedWith, ...registered.verifiedWith };
    const { webhookId } = verifiedWith;
    try {
      const at = `http://${options.host.includes(':') ? `[${options.host}]` : options.host}:${listener.port}`;
      const whose = webhookId === null ? '' : ` for the webhook ${webhookId}`;
      const opening = { listening: at, webhookId, verifies: verifiedWith.secrets.length > 0 };
      output.answer(opening, `Listening on ${at}${whose}; Ctrl-C ends it.`);
      if (verifiedWith.secrets.length === 0) {
        output.note('EVERHOOK_WEBHOOK_SECRET is not set: what is signed with it is shown, and not verified.');
      }
      await ended;
    } finally {
      await registered?.remove();
    }
  } finally {
    await listener.close();
  }
}

function checkTogether({ create, events, webhook, url }: ListenOptions): void {
  const wrong =
    (create && webhook !== undefined && '--create and --webhook exclude each other') ||
    (create && events === undefined && '--create needs --events') ||
    (!create && (events !== undefined || url !== undefined) && '--events and --url need --create');
  if (wrong) throw new CommandFailure(wrong, exitCodes.usage);
}

/** What is known before a webhook is registered for this listener. */
async function startingWith({ webhook, create }: ListenOptions, output: Output): Promise<VerifiedWith> {
  const secrets = (process.env.EVERHOOK_WEBHOOK_SECRET ?? '').split(',').filter((secret) => secret !== '');
  if (secrets.some((secret) => !/^(whsec_)?[A-Za-z0-9+/]{32,}=*$/.test(secret))) {
    throw new CommandFailure('EVERHOOK_WEBHOOK_SECRET is malformed: whsec_ and base64', exitCodes.usage);
  }
  const keys = create ? null : publishedKeys(output);
  if (webhook === undefined) return { secrets, keys, webhookId: null, host: null };
  const answer = await apiClientFromEnvironment(process.env).webhooks.get(webhook);
  const { targetUrl } = read(webhookDocument, answer);
  return { secrets, keys, webhookId: webhook, host: new URL(targetUrl).host };
}

/** Those of `EVERHOOK_URL`, if it is set to where they can be trusted. */
function publishedKeys(output: Output): KeySource | null {
  if (!process.env.EVERHOOK_URL) return null;
  const base = apiUrl(process.env);
  try {
    return fetchedKeys(`${base}/v1/webhooks/jwks`);
  } catch (error) {
    const reason = error instanceof Error ? error.message : '';
    output.note(`Signatures of sovrin are shown, and not verified: ${reason}, and EVERHOOK_URL is ${base}.`);
    return null;
  }
}

/** A webhook of Everhook's own contract for this listener. */
async function register(api: ApiClient, targetUrl: string, { events = [] }: ListenOptions, output: Output) {
  const description = 'everhook listen; deleted when it ends';
  const answer = await api.webhooks.create({ targetUrl, events, description }).catch((error: unknown) => {
    if (!isEverhookError(error) || !error.issues.some(({ pointer }) => pointer === '/targetUrl')) throw error;
    throw new CommandFailure(
      `${error.message}; have EGRESS_ALLOW=${printable(new URL(targetUrl).origin)} in the settings of API and workers, or give --url`,
    );
  });
  const { id } = read(idDocument, answer);
  const verifiedWith = { secrets: [read(secretDocument, answer).secret], webhookId: id };
  return {
    verifiedWith,
    remove: () =>
      api.webhooks.delete(id).catch((error: unknown) => {
        output.note(`The webhook is still there; once the API answers: everhook webhook delete ${id}`);
        throw error;
      }),
  };
}

function webUrl(text: string): string {
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text))
    throw new InvalidArgumentError('It takes an http or https URL.');
  return text;
}
