import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { publicRoute, type Route } from '../route';

const assets = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  'favicon-32x32.png': 'image/png',
} as const;
const assetNames = Object.keys(assets) as (keyof typeof assets)[];

const page = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Everhook API</title>
    <link rel="icon" href="/docs/favicon-32x32.png">
    <link rel="stylesheet" href="/docs/swagger-ui.css">
  </head>
  <body>
    <div id="swagger-ui"></div>
    <script src="/docs/swagger-ui-bundle.js"></script>
    <script src="/docs/init.js"></script>
  </body>
</html>
`;

const init = `SwaggerUIBundle({ url: '/openapi.json', dom_id: '#swagger-ui', deepLinking: true, validatorUrl: null });\n`;

/** No inline script, nothing from elsewhere; swagger-ui's style sheet has images as data URLs. */
const contentSecurityPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** The OpenAPI document, and swagger-ui to read it with. */
export function docsRoutes(createDocument: () => object): Route[] {
  let json: string | undefined;
  const files = new Map<string, Buffer>();

  async function asset(name: string): Promise<Buffer> {
    const held = files.get(name);
    if (held) return held;
    const directory = path.dirname(require.resolve('swagger-ui-dist/package.json'));
    const content = await readFile(path.join(directory, name));
    files.set(name, content);
    return content;
  }

  return [
    publicRoute({
      method: 'get',
      path: '/openapi.json',
      tag: 'Documents',
      operationId: 'getOpenApi',
      summary: 'This document',
      responses: { 200: { description: 'OpenAPI 3.1', schema: z.looseObject({ openapi: z.string() }) } },
      handle: () => ({ status: 200, body: (json ??= JSON.stringify(createDocument())) }),
    }),

    publicRoute({
      method: 'get',
      path: '/docs',
      tag: 'Documents',
      operationId: 'getDocs',
      summary: 'The API to read and try',
      responses: { 200: { description: 'A page', contentType: 'text/html', schema: z.string() } },
      handle: () => ({
        status: 200,
        contentType: 'text/html; charset=utf-8',
        headers: { 'Content-Security-Policy': contentSecurityPolicy, 'Referrer-Policy': 'no-referrer' },
        body: page,
      }),
    }),

    publicRoute({
      method: 'get',
      path: '/docs/init.js',
      hidden: true,
      tag: 'Documents',
      operationId: 'getDocsInit',
      summary: 'Starts swagger-ui',
      responses: {},
      handle: () => ({ status: 200, contentType: 'text/javascript; charset=utf-8', body: init }),
    }),

    publicRoute({
      method: 'get',
      path: '/docs/{file}',
      hidden: true,
      tag: 'Documents',
      operationId: 'getDocsFile',
      summary: 'Files of swagger-ui',
      params: z.object({ file: z.enum(assetNames) }),
      responses: {},
      async handle({ params }) {
        const name = params.file as (typeof assetNames)[number];
        return { status: 200, contentType: assets[name], body: await asset(name) };
      },
    }),
  ];
}
