import { Option, type Command } from 'commander';
import type { NewWebhook, WebhookAuth } from '../../client';
import { contracts, type Contract } from '../../domain/webhook';
import { apiClientFromEnvironment } from '../api-client';
import { pageOf, idDocument, read, secretDocument, webhookDocument, type WebhookDocument } from '../api-documents';
import { durationMs, header, list, readStandardInput, trueOrFalse, uuid, wholeNumber } from '../arguments';
import { CommandFailure, exitCodes } from '../failure';
import { facts, outputOf, table } from '../output';
import { statusOf, type Paint } from '../paint';
import { cursorOption, limitOption, moreText } from '../view';
import { addDeliveriesOfWebhook } from './webhook-deliveries';

interface CreateOptions {
  url: string;
  events: string[];
  channel?: string[];
  description?: string;
  disabled?: boolean;
  header?: Record<string, string>;
  timeout?: number;
  maxRetries?: number;
  basicUser?: string;
  oauthClientId?: string;
  oauthTokenUrl?: string;
}

interface UpdateOptions {
  events?: string[];
  channel?: string[];
  anyChannel?: boolean;
  enabled?: boolean;
  disabled?: boolean;
  header?: Record<string, string>;
  timeout?: number;
  maxRetries?: number;
}

const secretNote = 'Keep the secret now: it is not shown again.';

export function addWebhookCommands(program: Command): void {
  const webhook = program.command('webhook').description('webhooks, through the API');
  addCreate(webhook);
  addReads(webhook);
  addChanges(webhook);
  addDeliveriesOfWebhook(webhook);
}

function addCreate(webhook: Command): void {
  webhook
    .command('create')
    .description("register a webhook of Everhook's own contract; its signing secret is shown this once")
    .requiredOption('--url <url>', 'where to send')
    .requiredOption(
      '--events <list>',
      'event types it wants, comma-separated: names, prefixes such as invoice.*, or *',
      list,
    )
    .option('--channel <list>', 'only events of these channels, comma-separated', list)
    .option('--description <text>', 'a word about it')
    .option('--disabled', 'send nothing yet')
    .option('--header <"Name: value">', 'send this header too; repeatable', header)
    .option('--timeout <duration>', 'for a whole exchange, such as 3s', durationMs)
    .option('--max-retries <number>', 'how often after the first attempt', wholeNumber)
    .option('--basic-user <name>', 'authenticate with HTTP Basic; the password is read from standard input')
    .option('--oauth-client-id <id>', 'authenticate with client credentials; the secret is read from standard input')
    .option('--oauth-token-url <url>', 'where to get tokens, with --oauth-client-id')
    .addHelpText(
      'after',
      `
Examples:
  $ everhook webhook create --url https://receiver.example/hooks --events 'invoice.*,everhook.test'
  $ everhook webhook create --url https://receiver.example/hooks --events '*' --basic-user me < password`,
    )
    .action(async (options: CreateOptions, command: Command) => {
      const answer = await apiClientFromEnvironment(process.env).webhooks.create({
        targetUrl: options.url,
        events: options.events,
        channels: options.channel,
        description: options.description,
        disabled: options.disabled,
        headers: options.header,
        timeoutMs: options.timeout,
        maxRetries: options.maxRetries,
        auth: await authOf(options),
      } satisfies NewWebhook);
      const output = outputOf(command);
      output.answer(answer, webhookFacts(read(webhookDocument, answer), output.paint));
      if (!output.json) output.note(secretNote);
    });
}

async function authOf(options: CreateOptions): Promise<WebhookAuth | undefined> {
  const { basicUser, oauthClientId, oauthTokenUrl } = options;
  if (basicUser !== undefined && oauthClientId !== undefined) {
    throw new CommandFailure('--basic-user and --oauth-client-id exclude each other', exitCodes.usage);
  }
  if ((oauthClientId === undefined) !== (oauthTokenUrl === undefined)) {
    throw new CommandFailure('--oauth-client-id and --oauth-token-url belong together', exitCodes.usage);
  }
  if (basicUser !== undefined) {
    return { type: 'basic', username: basicUser, password: await readStandardInput('the password') };
  }
  if (oauthClientId !== undefined && oauthTokenUrl !== undefined) {
    const clientSecret = await readStandardInput('the client secret');
    return { type: 'client_credential', clientID: oauthClientId, clientSecret, tokenURL: oauthTokenUrl };
  }
  return undefined;
}

function addReads(webhook: Command): void {
  webhook
    .command('list')
    .description('webhooks of every contract, newest first')
    .addOption(new Option('--contract <name>', 'only of this contract').choices(contracts))
    .option('--disabled <true|false>', 'only disabled ones, or only enabled ones', trueOrFalse)
    .option(...limitOption)
    .option(...cursorOption)
    .action(
      async (
        options: { contract?: Contract; disabled?: boolean; limit?: number; cursor?: string },
        command: Command,
      ) => {
        const answer = await apiClientFromEnvironment(process.env).webhooks.list(options).page();
        const page = read(pageOf(webhookDocument), answer);
        const rows = page.data.map((one) => [
          one.id,
          one.contract,
          statusOf(one.disabled ? 'disabled' : 'enabled'),
          one.targetUrl,
          one.events.join(' '),
        ]);
        const output = outputOf(command);
        const head = ['WEBHOOK', 'CONTRACT', 'STATUS', 'URL', 'EVENTS'];
        output.answer(answer, table(head, rows, output.paint) + moreText(page.nextCursor));
      },
    );

  webhook
    .command('show')
    .description('a webhook, without its secrets')
    .argument('<id>', 'the webhook', uuid)
    .action(async (id: string, _options: object, command: Command) => {
      const answer = await apiClientFromEnvironment(process.env).webhooks.get(id);
      const output = outputOf(command);
      output.answer(answer, webhookFacts(read(webhookDocument, answer), output.paint));
    });
}

function addChanges(webhook: Command): void {
  webhook
    .command('update')
    .description('change a webhook; the next attempt of any delivery sees it')
    .argument('<id>', 'the webhook', uuid)
    .option('--events <list>', 'event types it wants from now on, comma-separated', list)
    .addOption(new Option('--any-channel', 'events of every channel, and of none').conflicts('channel'))
    .option('--channel <list>', 'only events of these channels from now on, comma-separated', list)
    .addOption(new Option('--enabled', 'send again').conflicts('disabled'))
    .option('--disabled', 'send nothing more; pending deliveries end as cancelled')
    .option('--header <"Name: value">', 'headers to send from now on, all of them; repeatable', header)
    .option('--timeout <duration>', 'for a whole exchange, such as 3s', durationMs)
    .option('--max-retries <number>', 'how often after the first attempt', wholeNumber)
    .addHelpText('after', '\nExample:\n  $ everhook webhook update 01234567-… --disabled')
    .action(async (id: string, options: UpdateOptions, command: Command) => {
      const body = {
        events: options.events,
        channels: options.anyChannel ? [] : options.channel,
        disabled: options.disabled ?? (options.enabled ? false : undefined),
        headers: options.header,
        timeoutMs: options.timeout,
        maxRetries: options.maxRetries,
      };
      if (Object.values(body).every((value) => value === undefined)) {
        throw new CommandFailure('nothing to change; see everhook webhook update --help', exitCodes.usage);
      }
      const answer = await apiClientFromEnvironment(process.env).webhooks.update(id, body);
      const output = outputOf(command);
      output.answer(answer, webhookFacts(read(webhookDocument, answer), output.paint));
    });

  webhook
    .command('delete')
    .description('delete a webhook of any contract; its pending deliveries end as cancelled')
    .argument('<id>', 'the webhook', uuid)
    .action(async (id: string, _options: object, command: Command) => {
      await apiClientFromEnvironment(process.env).webhooks.delete(id);
      outputOf(command).answer({ id, deleted: true }, `Webhook ${id} is deleted.`);
    });

  webhook
    .command('rotate-secret')
    .description('make a new signing secret, shown this once; the old one signs too for a while')
    .argument('<id>', 'the webhook', uuid)
    .option('--grace <duration>', 'how long the old one signs too, up to 168h; 24h unless said', durationMs)
    .action(async (id: string, options: { grace?: number }, command: Command) => {
      const graceSeconds = options.grace === undefined ? undefined : Math.floor(options.grace / 1000);
      const answer = await apiClientFromEnvironment(process.env).webhooks.rotateSecret(id, { graceSeconds });
      const output = outputOf(command);
      output.answer(answer, facts({ secret: read(secretDocument, answer).secret }, output.paint));
      if (!output.json) output.note(secretNote);
    });

  webhook
    .command('test')
    .description('deliver a sample event to a webhook')
    .argument('<id>', 'the webhook', uuid)
    .action(async (id: string, _options: object, command: Command) => {
      const answer = await apiClientFromEnvironment(process.env).webhooks.test(id);
      outputOf(command).answer(answer, `A sample event is on its way: delivery ${read(idDocument, answer).id}`);
    });
}

function webhookFacts(webhook: WebhookDocument, paint: Paint): string {
  const headers = Object.entries(webhook.headers).map(([name, value]) => `${name}: ${value}`);
  const about = {
    webhook: webhook.id,
    contract: webhook.contract,
    url: webhook.targetUrl,
    events: webhook.events.join(' '),
    channels: webhook.channels.length > 0 ? webhook.channels.join(' ') : undefined,
    status: statusOf(webhook.disabled ? 'disabled' : 'enabled'),
    description: webhook.description || undefined,
    auth: webhook.authType ?? undefined,
    headers: headers.length > 0 ? headers.join(', ') : undefined,
    timeout: `${webhook.timeoutMs} ms`,
    retries: String(webhook.maxRetries),
    created: webhook.createdAt,
    secret: webhook.secret,
  };
  return facts(about, paint);
}
