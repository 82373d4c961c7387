/** One of those that are compared. */
export interface Contender {
  name: string;
  /**
   * Hands over one delivery of the receiver's `/accept` and resolves when it was taken. The id reaches the receiver in
   * `webhook-id`; what stands before its hyphen is the group that the receiver counts it in.
   */
  send(id: string): Promise<void>;
}

export const deliveryId = (group: string, index: number) => `${group}-${index}`;

/** Half a KiB, as a small event has it. */
export const message = 'Nothing is lost that was accepted. '.repeat(15).slice(0, 500);
