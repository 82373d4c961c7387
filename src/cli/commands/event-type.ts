import type { Command } from 'commander';
import { apiClientFromEnvironment } from '../api-client';
import { eventTypeDocument, pageOf, read, type EventTypeDocument } from '../api-documents';
import { readJsonObject } from '../arguments';
import { facts, outputOf, printable, table } from '../output';
import type { Paint } from '../paint';
import { cursorOption, limitOption, moreText } from '../view';

interface PutOptions {
  description: string;
  schema?: string;
  example?: string;
}

export function addEventTypeCommands(program: Command): void {
  const eventType = program.command('event-type').description('event types, through the API');
  addReads(eventType);
  addChanges(eventType);
}

function addReads(eventType: Command): void {
  eventType
    .command('list')
    .description('the catalogue: built-in event types, then your own')
    .option(...limitOption)
    .option(...cursorOption)
    .action(async (options: { limit?: number; cursor?: string }, command: Command) => {
      const answer = await apiClientFromEnvironment(process.env).eventTypes.list(options).page();
      const page = read(pageOf(eventTypeDocument), answer);
      const rows = page.data.map((one) => [one.name, ownerOf(one), one.description]);
      const output = outputOf(command);
      const drawn = table(['EVENT TYPE', 'OF', 'DESCRIPTION'], rows, output.paint);
      output.answer(answer, drawn + moreText(page.nextCursor));
    });

  eventType
    .command('show')
    .description('an event type, with its schema and an example')
    .argument('<name>', 'the event type, or an alias')
    .action(async (name: string, _options: object, command: Command) => {
      const answer = await apiClientFromEnvironment(process.env).eventTypes.get(name);
      const output = outputOf(command);
      output.answer(answer, eventTypeFacts(read(eventTypeDocument, answer), output.paint));
    });
}

function addChanges(eventType: Command): void {
  eventType
    .command('put')
    .description('make an event type of your own, or replace it')
    .argument('<name>', 'such as invoice.paid')
    .requiredOption('--description <text>', 'what happened when there is such an event')
    .option('--schema <json>', 'JSON Schema of the payload: a JSON object, @file, or - for standard input')
    .option('--example <json>', 'a payload, for test deliveries: a JSON object, @file, or -')
    .addHelpText(
      'after',
      `
Example:
  $ everhook event-type put invoice.paid --description 'An invoice was paid in full.' --schema @invoice.json`,
    )
    .action(async (name: string, options: PutOptions, command: Command) => {
      const documents = {
        schema: options.schema && (await readJsonObject(options.schema, '--schema')),
        example: options.example && (await readJsonObject(options.example, '--example')),
      };
      const members = Object.entries({ description: JSON.stringify(options.description), ...documents }).flatMap(
        ([key, json]) => (json === undefined ? [] : [`${JSON.stringify(key)}:${json}`]),
      );
      const answer = await apiClientFromEnvironment(process.env).request(
        'PUT',
        `/api/v1/event-types/${encodeURIComponent(name)}`,
        {
          text: `{${members.join(',')}}`,
        },
      );
      const output = outputOf(command);
      output.answer(answer, eventTypeFacts(read(eventTypeDocument, answer), output.paint));
    });

  eventType
    .command('delete')
    .description('remove an event type of your own that no webhook names')
    .argument('<name>', 'the event type')
    .action(async (name: string, _options: object, command: Command) => {
      await apiClientFromEnvironment(process.env).eventTypes.delete(name);
      outputOf(command).answer({ name, deleted: true }, `Event type ${printable(name)} is deleted.`);
    });
}

const ownerOf = ({ builtIn, contract }: EventTypeDocument) => (builtIn ? contract : 'yours');

function eventTypeFacts(type: EventTypeDocument, paint: Paint): string {
  const about = {
    'event type': type.name,
    of: ownerOf(type),
    aliases: type.aliases.length > 0 ? type.aliases.join(' ') : undefined,
    description: type.description,
    schema: type.schema ? JSON.stringify(type.schema) : 'none, each object fits',
    example: type.example ? JSON.stringify(type.example) : undefined,
    changed: type.updatedAt ?? undefined,
  };
  return facts(about, paint);
}
