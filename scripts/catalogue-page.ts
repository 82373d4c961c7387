/**
 * docs/events.md, made from the catalogue of built-in event types.
 *
 * Usage: npx tsx scripts/catalogue-page.ts > docs/events.md   (test/docs/events.test.ts says when)
 */
import { eventCatalogue, type EventType } from '../src/domain/event-catalogue';
import { contracts } from '../src/domain/webhook';

const head = `# Events

Every built-in event type, made from the catalogue in \`src/domain/event-types\`. The same catalogue judges payloads at
\`POST /api/v1/events\`, and is at \`GET /api/v1/event-types\` with its JSON Schemas; \`/docs\` shows
each event as its contract sends it. Payloads may have further keys. Tenants add types of their own with
\`PUT /api/v1/event-types/{name}\`.
`;

export function cataloguePage(): string {
  const sections = contracts.map((contract) => {
    const types = eventCatalogue.filter((type) => type.contract === contract);
    return `## ${contract}\n\n${types.map(describe).join('\n')}`;
  });
  return `${head}\n${sections.join('\n')}`;
}

function describe({ name, aliases = [], description, schema, example }: EventType): string {
  const required = Array.isArray(schema.required) ? schema.required.map((key) => `\`${String(key)}\``) : [];
  const facts = [
    description,
    ...(aliases.length > 0 ? [`Also taken as ${aliases.map((alias) => `\`${alias}\``).join(', ')}.`] : []),
    required.length > 0 ? `Required: ${required.join(', ')}.` : 'Nothing is required.',
  ];
  return `### \`${name}\`\n\n${facts.join(' ')}\n\n\`\`\`json\n${JSON.stringify(example, null, 2)}\n\`\`\`\n`;
}

if (require.main === module) process.stdout.write(cataloguePage());
