import type { EventType } from '../../domain/event-type';
import type { OwnEventType } from '../../store/event-types';
import type { ShownEventType } from '../schemas/event-type';

/** A built-in event type. */
export function presentEventType({ name, contract, aliases, description, schema, example }: EventType): ShownEventType {
  return {
    name,
    contract,
    builtIn: true,
    aliases: [...(aliases ?? [])],
    description,
    schema,
    example,
    createdAt: null,
    updatedAt: null,
  };
}

/** A type that the tenant made. */
export function presentOwnEventType(type: OwnEventType): ShownEventType {
  return {
    name: type.name,
    contract: 'everhook',
    builtIn: false,
    aliases: [],
    description: type.description,
    schema: type.schema,
    example: type.example,
    createdAt: type.createdAt.toISOString(),
    updatedAt: type.updatedAt.toISOString(),
  };
}
