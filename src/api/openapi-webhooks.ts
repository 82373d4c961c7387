import { generateKeyPairSync } from 'node:crypto';
import type { ZodOpenApiPathItemObject } from 'zod-openapi';
import { eventCatalogue, type EventType } from '../domain/event-catalogue';
import type { JsonObject } from '../domain/event';
import { profiles } from '../domain/profiles';
import { newSigningSecret } from '../domain/signing/standard-webhooks';

/** What receivers get, for OpenAPI's `webhooks`: each built-in event as its contract sends it, by the event's name. */
export function describeDeliveries(): Record<string, ZodOpenApiPathItemObject> {
  const { privateKey } = generateKeyPairSync('ed25519');
  return Object.fromEntries(eventCatalogue.map((type) => [type.name, describe(type)]));

  function describe(type: EventType): ZodOpenApiPathItemObject {
    const body = (payload: unknown) => sentBody(type, payload);
    return {
      post: {
        tags: ['Deliveries'],
        summary: `${type.name} (${type.contract})`,
        description: type.description,
        security: [],
        requestBody: {
          required: true,
          content: {
            'application/json': { schema: schemaOf(body(placeholder), type.schema), example: body(type.example) },
          },
        },
        responses: { '2XX': { description: 'Any of them is a success; everything else is tried again.' } },
      },
    };
  }

  /** As the profile writes it: the one place that knows the envelope. */
  function sentBody({ name, contract }: EventType, payload: unknown): unknown {
    const at = new Date('2026-01-15T09:30:00.000Z');
    const { body } = profiles[contract].request({
      attemptId: '0198c0de-7f3b-7001-8000-3a1b2c4d5e6f',
      sentAt: at,
      webhook: {
        id: '0198c0de-7f3a-7cc4-9d56-3a1b2c4d5e6f',
        targetUrl: 'https://example.com/hooks',
        headers: {},
        settings: {},
      },
      event: { id: 'event-5f6a1c1e', type: name, occurredAt: at, payloadJson: JSON.stringify(payload) },
      secrets: [newSigningSecret()],
      messageSigningKey: { kid: 'example', privateKey },
    });
    return JSON.parse(body.toString('utf8'));
  }
}

/** Stands where the payload stands; no envelope has such a text of its own. */
const placeholder = '\u0001payload';

/** The shape of an envelope, read from one: every key is always there, and its payload is what the catalogue says. */
function schemaOf(value: unknown, payload: JsonObject): JsonObject {
  if (value === placeholder) return payload;
  if (typeof value !== 'object' || value === null) return { type: typeof value };
  const properties = Object.entries(value).map(([name, part]) => [name, schemaOf(part, payload)] as const);
  return { type: 'object', required: properties.map(([name]) => name), properties: Object.fromEntries(properties) };
}
