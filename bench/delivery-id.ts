/** The id of an event, which reaches the receiver in `webhook-id`. What stands before its hyphen is its group. */
export const deliveryId = (group: string, index: number) => `${group}-${index}`;

/** Half a KiB, as a small event has it. */
export const message = 'Nothing is lost that was accepted. '.repeat(15).slice(0, 500);
