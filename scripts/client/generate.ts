/**
 * What `everhook/client` is made from: the types of the OpenAPI document and the method and path of each operation.
 *
 * Usage: npm run generate-client [-- --check]   (test/client/generated.test.ts says when)
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import openapiTs, { astToString, type OpenAPI3 } from 'openapi-typescript';
import { format, resolveConfig } from 'prettier';
import { isInterfaceDeclaration, type Node } from 'typescript';
import { servedDocument, type OpenApi, type Operation } from './document';

const root = path.resolve(__dirname, '..', '..');
const head = '// Made from the OpenAPI document by `npm run generate-client`: changed there, not here.\n\n';

/** The dialects of the contracts are spoken by programs of others, and pages are for browsers. */
const isOwn = (route: string) => /^\/(api\/v1|oauth2)\/|^\/(livez|readyz|openapi\.json)$/.test(route);

/** Everhook's own operations with what they answer when all goes well, and the schemas that they use. */
export function ownPart(document: OpenApi): OpenApi {
  const own = Object.entries(document.paths).filter(([route]) => isOwn(route));
  const paths = Object.fromEntries(own.map(([route, methods]) => [route, mapValues(methods, withoutErrors)]));
  const schemas: Record<string, unknown> = { Problem: document.components.schemas.Problem };
  const use = (part: unknown) => {
    for (const [, name = ''] of JSON.stringify(part).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)) {
      if (name in schemas) continue;
      schemas[name] = document.components.schemas[name];
      use(schemas[name]);
    }
  };
  use(paths);
  const sorted = Object.fromEntries(Object.entries(schemas).sort(([a], [b]) => (a < b ? -1 : 1)));
  return { openapi: document.openapi, paths, components: { schemas: sorted } };
}

/** Each error is a problem: said once, not for every status of every operation. */
function withoutErrors(operation: Operation): Operation {
  const good = Object.entries(operation.responses).filter(([status]) => Number(status) < 400);
  return { ...operation, responses: Object.fromEntries(good) };
}

function mapValues<Value>(record: Record<string, Value>, map: (value: Value) => Value): Record<string, Value> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}

/** The text of each generated file, by its path in the project. */
export async function generatedFiles(document: OpenApi): Promise<Map<string, string>> {
  const own = ownPart(document);
  const input = { info: { title: 'Everhook', version: '1' }, ...own } as OpenAPI3;
  // Who sends may leave out what has a default.
  const nodes = await openapiTs(input, { defaultNonNullable: false });
  const types = astToString(nodes.filter((node) => isNamed(node, 'components', 'operations')));
  const operations = Object.entries(own.paths).flatMap(([route, methods]) =>
    Object.entries(methods).map(
      ([method, { operationId, security }]) =>
        `${operationId}: { method: '${method.toUpperCase()}', path: '${route}', ` +
        `needsToken: ${security.some((one) => 'oauth2' in one)} },`,
    ),
  );
  const table = `/** Where each operation is, and whether it asks for an access token. */\nexport const operations = {\n${operations.join('\n')}\n} as const;\n`;
  const folder = 'src/client/generated';
  return new Map([
    [`${folder}/schema.ts`, await formatted(head + types)],
    [`${folder}/operations.ts`, await formatted(head + table)],
  ]);
}

const isNamed = (node: Node, ...names: string[]) => isInterfaceDeclaration(node) && names.includes(node.name.text);

async function formatted(source: string): Promise<string> {
  return format(source, { ...(await resolveConfig(path.join(root, 'package.json'))), parser: 'typescript' });
}

async function main(args: readonly string[]): Promise<void> {
  for (const [file, text] of await generatedFiles(await servedDocument())) {
    const target = path.join(root, file);
    if (!args.includes('--check')) {
      await mkdir(path.dirname(target), { recursive: true });
      await writeFile(target, text);
    } else if ((await readFile(target, 'utf8')) !== text) {
      process.stderr.write(`${file} is not what the OpenAPI document says: npm run generate-client\n`);
      process.exitCode = 1;
    }
  }
}

if (require.main === module) void main(process.argv.slice(2));
