import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import * as apiGateway from '@aws-sdk/client-api-gateway';
import { z } from 'zod';
import { codeBlocks, readDocument, root } from './documents';

const statement = z.object({
  Effect: z.literal('Allow'),
  Action: z.array(z.string()),
  Resource: z.union([z.string(), z.array(z.string())]),
});
const request = z.object({ method: z.string(), path: z.string() });
const policy = z.object({
  Version: z.literal('2012-10-17'),
  Statement: z.array(statement.extend({ Sid: z.string() })),
});

const shown = (file: string, having: string) =>
  JSON.parse(codeBlocks(readDocument(file).text).find(({ text }) => text.includes(having))?.text ?? 'null') as unknown;

/** The commands of a client of AWS that the code has, without the word. */
function commandsOf(client: string): string[] {
  const directory = path.join(root, 'src', 'platform', 'aws');
  const sources = readdirSync(directory).map((name) => readFileSync(path.join(directory, name), 'utf8'));
  const names = sources
    .filter((source) => source.includes(`'@aws-sdk/client-${client}'`))
    .flatMap((source) => source.match(/\b\w+(?=Command\b)/g) ?? []);
  return [...new Set(names)].sort();
}

/** What a command of API Gateway asks AWS for: its method and path. */
async function requestOf(command: string): Promise<{ method: string; path: string }> {
  const input = { apiKey: 'k', keyId: 'k', keyType: 'API_KEY', usagePlanId: 'p', patchOperations: [] };
  const client = new apiGateway.APIGatewayClient({
    region: 'eu-central-1',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    maxAttempts: 1,
  });
  let asked: { method: string; path: string } | undefined;
  client.middlewareStack.add(
    () => async (given) => {
      asked = request.parse(given.request);
      throw new Error('not sent');
    },
    { step: 'finalizeRequest', priority: 'high' },
  );
  const Command: unknown = Reflect.get(apiGateway, `${command}Command`);
  if (typeof Command !== 'function') throw new Error(`no ${command}`);
  await client.send(Reflect.construct(Command, [input]) as apiGateway.GetApiKeysCommand).catch(() => {});
  if (!asked) throw new Error(`${command} asks for nothing`);
  return asked;
}

describe('the policy of docs/aws.md', () => {
  const { Statement: statements } = policy.parse(shown('docs/aws.md', '"Version"'));
  const allows = (action: string, arn: string) =>
    statements.some(
      ({ Action, Resource }) =>
        Action.includes(action) &&
        [Resource].flat().some((pattern) => new RegExp(`^${pattern.replaceAll('*', '.*')}$`).test(arn)),
    );

  it.each(commandsOf('api-gateway'))('allows %s', async (command) => {
    const asked = await requestOf(command);
    expect(allows(`apigateway:${asked.method}`, `arn:aws:apigateway:eu-central-1::${asked.path}`)).toBe(true);
  });

  it('allows tags, which a creation asks for as well', () => {
    expect(allows('apigateway:PUT', 'arn:aws:apigateway:eu-central-1::/tags/x')).toBe(true);
  });

  it('allows of API Gateway no method that nothing has', async () => {
    const used = await Promise.all(commandsOf('api-gateway').map(requestOf));
    const methods = new Set(['PUT', ...used.map(({ method }) => method)]);
    const allowed = statements.flatMap(({ Action }) => Action).filter((action) => action.startsWith('apigateway:'));
    expect(new Set(allowed)).toEqual(new Set([...methods].map((method) => `apigateway:${method}`)));
  });

  it('allows of Cognito what is called, and no more', () => {
    const allowed = statements.flatMap(({ Action }) => Action).filter((action) => action.startsWith('cognito-idp:'));
    const called = commandsOf('cognito-identity-provider').map((command) => `cognito-idp:${command}`);
    expect(called.length).toBeGreaterThan(0);
    expect(allowed.sort()).toEqual(called);
  });
});

it('the policy for keys in KMS allows what is called, and no more', () => {
  const { Action } = statement.parse(shown('docs/operations.md', 'kms:Encrypt'));
  expect(Action.sort()).toEqual(commandsOf('kms').map((command) => `kms:${command}`));
});
