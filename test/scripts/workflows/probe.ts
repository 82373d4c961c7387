import { defineSearchAttributeKey } from '@temporalio/common';
import { sleep, upsertSearchAttributes } from '@temporalio/workflow';

/** Waits out a timer and says in its search attributes that it has. */
export async function probe(duration: string): Promise<string> {
  await sleep(duration);
  upsertSearchAttributes([{ key: defineSearchAttributeKey('DeliveryStatus', 'KEYWORD'), value: 'delivered' }]);
  return 'past';
}
