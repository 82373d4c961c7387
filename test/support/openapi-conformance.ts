import addFormats from 'ajv-formats';
import Ajv2020, { type ValidateFunction } from 'ajv/dist/2020';

interface Operation {
  operationId: string;
  security: { oauth2?: string[] }[];
  parameters?: { name: string; in: string; schema: object }[];
  responses: Record<string, { content?: Record<string, { schema: object }> }>;
}

export interface OpenApiDocument {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
}

interface ConformingAnswer {
  status: number;
  headers: Headers;
  json: unknown;
}

/**
 * Checks answers against the OpenAPI document: the operation must be in it with this status and media type, the body
 * must fit its schema. 404 of unknown paths and 405 are of no operation. `seen` collects `operationId status`.
 */
export function openApiConformance(load: () => Promise<unknown>, seen: Set<string>) {
  let loaded: Promise<{ document: OpenApiDocument; ajv: Ajv2020 }> | undefined;
  const validators = new Map<string, ValidateFunction>();

  return async (method: string, path: string, answer: ConformingAnswer): Promise<void> => {
    const { document, ajv } = await (loaded ??= load().then((json) => compile(json as OpenApiDocument)));
    const template = findPath(document, path);
    const operation = template === undefined ? undefined : document.paths[template]?.[method.toLowerCase()];
    if (template === undefined || !operation) return;
    const described = operation.responses[answer.status];
    if (!described) throw new Error(`${operation.operationId} answered ${answer.status}, which OpenAPI does not know`);
    seen.add(`${operation.operationId} ${answer.status}`);
    const sentType = answer.headers.get('content-type')?.split(';')[0];
    const [type] = Object.keys(described.content ?? {});
    if (type !== sentType) throw new Error(`${operation.operationId} ${answer.status} is ${sentType}, not ${type}`);
    if (type === undefined || !/json/.test(type)) return;
    const pointer = ['paths', template, method.toLowerCase(), 'responses', String(answer.status), 'content', type]
      .concat('schema')
      .map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1')))
      .join('/');
    let validator = validators.get(pointer);
    if (!validator) validators.set(pointer, (validator = ajv.compile({ $ref: `openapi.json#/${pointer}` })));
    if (!validator(answer.json)) {
      throw new Error(`${operation.operationId} ${answer.status}: ${ajv.errorsText(validator.errors)}`);
    }
  };
}

/** The template of a path: a literal one wins over one with a parameter. */
export function findPath({ paths }: OpenApiDocument, path: string): string | undefined {
  if (paths[path]) return path;
  return Object.keys(paths).find((template) => {
    const pattern = template.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+');
    return template.includes('{') && new RegExp(`^${pattern}$`).test(path);
  });
}

function compile(document: OpenApiDocument): { document: OpenApiDocument; ajv: Ajv2020 } {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats(ajv);
  ajv.addSchema(document, 'openapi.json');
  return { document, ajv };
}
