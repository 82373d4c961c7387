import path from 'node:path';
import type { DataConverter, PayloadCodec } from '@temporalio/common';

/** A module of its own because it also goes into the bundle of the workflows. */
export const failureConverterPath = path.join(__dirname, '..', 'workflows', 'failure-converter');

/** How clients, workers and replays turn values into what Temporal stores, and back. */
export function createDataConverter(codec: PayloadCodec): DataConverter {
  return { failureConverterPath, payloadCodecs: [codec] };
}
