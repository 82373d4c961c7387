/** STAND-IN until the branch `egress` brings the real one. */
export interface WebhookLanes {
  enter(key: string): { leave(result: 'delivered' | 'refused' | 'timeout'): void } | { postponeMs: number };
  room(key: string): number;
  inOutage(key: string): boolean;
}

export function createWebhookLanes({ perWebhook }: { perWebhook: number }): WebhookLanes {
  const inFlight = new Map<string, number>();
  const recent = new Map<string, boolean[]>();
  return {
    enter(key) {
      inFlight.set(key, (inFlight.get(key) ?? 0) + 1);
      return {
        leave(result) {
          inFlight.set(key, (inFlight.get(key) ?? 1) - 1);
          const outcomes = recent.get(key) ?? [];
          outcomes.push(result === 'delivered');
          if (outcomes.length > 20) outcomes.shift();
          recent.set(key, outcomes);
        },
      };
    },
    room: (key) => Math.max(0, perWebhook - (inFlight.get(key) ?? 0)),
    inOutage(key) {
      const outcomes = recent.get(key) ?? [];
      return outcomes.length >= 5 && outcomes.filter((ok) => !ok).length * 2 >= outcomes.length;
    },
  };
}
