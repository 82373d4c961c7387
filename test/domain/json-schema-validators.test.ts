import { Validator } from '@cfworker/json-schema';
import Ajv2020 from 'ajv/dist/2020';
import fc from 'fast-check';
import { createSchemaReader } from '../../src/api/schema-reader';
import type { JsonObject } from '../../src/domain/event';
import { judgePayload } from '../../src/domain/json-schema-judge';

const read = createSchemaReader();

describe('against ajv and another validator', () => {
  const name = fc.constantFrom('a', 'b', 'c');
  const value = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3, depthSize: 'small' },
      fc.constantFrom<unknown>(null, true, false, 0, 1, 2.5, -1, '', 'a', 'ab', 'abc'),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(name, tie('value'), { maxKeys: 3 }),
    ),
  })).value;
  const small = fc.integer({ min: 0, max: 3 });
  const type = fc.constantFrom('string', 'number', 'integer', 'object', 'array', 'boolean', 'null');
  const { schema } = fc.letrec<{ schema: unknown }>((tie) => {
    const list = fc.array(tie('schema'), { minLength: 1, maxLength: 3 });
    const map = fc.dictionary(name, tie('schema'), { maxKeys: 3 });
    return {
      schema: fc.oneof(
        { maxDepth: 3, depthSize: 'small' },
        fc.boolean(),
        fc.record({ type: fc.oneof(type, fc.uniqueArray(type, { minLength: 1, maxLength: 3 })) }),
        fc.record(
          { enum: fc.array(value, { minLength: 1, maxLength: 3 }), minimum: small, maxLength: small },
          { requiredKeys: [] },
        ),
        fc.record(
          { required: fc.uniqueArray(name), minProperties: small, maxItems: small, uniqueItems: fc.boolean() },
          { requiredKeys: [] },
        ),
        fc.record({ $ref: fc.constantFrom('#', '#/$defs/x', '#/$defs/y') }),
        fc.record({ allOf: list, anyOf: list, oneOf: list, not: tie('schema') }, { requiredKeys: [] }),
        fc.record(
          { if: tie('schema'), then: tie('schema'), else: tie('schema'), dependentSchemas: map },
          { requiredKeys: [] },
        ),
        fc.record(
          {
            properties: map,
            additionalProperties: tie('schema'),
            propertyNames: tie('schema'),
            patternProperties: fc.record({ '[ab]': tie('schema') }),
          },
          { requiredKeys: [] },
        ),
        // Not together: ajv 8.20 forgets `contains` where a list is shorter than `prefixItems`.
        fc.record({ prefixItems: list, items: tie('schema') }, { requiredKeys: [] }),
        fc.record(
          { items: tie('schema'), contains: tie('schema'), minContains: small },
          { requiredKeys: ['contains'] },
        ),
        fc.record(
          {
            allOf: list,
            anyOf: list,
            properties: map,
            prefixItems: list,
            unevaluatedProperties: tie('schema'),
            unevaluatedItems: tie('schema'),
          },
          { requiredKeys: [] },
        ),
      ),
    };
  });

  it('any schema and payload come to the same', () => {
    let compared = 0;
    const root = fc.record({
      allOf: fc.tuple(schema),
      properties: fc.record({ a: schema, b: schema }),
      $defs: fc.record({ x: schema, y: schema }),
    });
    fc.assert(
      fc.property(
        root,
        fc.array(fc.dictionary(name, value, { maxKeys: 3 }), { minLength: 1, maxLength: 5 }),
        (generated, payloads) => {
          // Objects of fast-check have no prototype, which JSON's have.
          const candidate = JSON.parse(JSON.stringify(generated)) as JsonObject;
          const result = read(candidate);
          if ('issues' in result) return;
          const judgedBy = judgedByOthers(candidate);
          for (const payload of JSON.parse(JSON.stringify(payloads)) as JsonObject[]) {
            const expected = judgedBy(payload);
            if (expected === null) continue;
            compared += 1;
            expect(judgePayload(result.schema, payload).issues.length === 0).toBe(expected);
          }
        },
      ),
      { numRuns: 150 },
    );
    expect(compared).toBeGreaterThan(100);
  });
});

/**
 * What two well-kept validators agree on, or null. Neither is right about all that can be generated: ajv 8.20 makes
 * programs that read variables they never declare, and forgets in `unevaluatedItems` what `contains` looked at.
 */
function judgedByOthers(schema: JsonObject): (payload: unknown) => boolean | null {
  const ajv = new Ajv2020({ strict: false, logger: false }).compile(schema);
  const other = new Validator(schema, '2020-12');
  return (payload) => {
    const judged = attempt(() => ajv(payload));
    return judged !== null && judged === attempt(() => other.validate(payload).valid) ? judged : null;
  };
}

function attempt(judging: () => boolean): boolean | null {
  try {
    return judging();
  } catch {
    return null;
  }
}
