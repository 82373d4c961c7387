import type { UsagePlanStages } from '../credential-run';
import type { RequestedApi } from './credential';

/** One change of a key's usage plans. */
export interface PlanMove {
  kind: 'attach' | 'detach';
  usagePlanId: string;
}

/**
 * The moves from the plans a key has to those it should have. Attaching comes first, so that access is never lost,
 * except where AWS forbids both at once: two plans of one key must not cover the same stage of an API.
 */
export function planMoves(current: readonly UsagePlanStages[], wanted: readonly UsagePlanStages[]): PlanMove[] {
  const added = wanted.filter((plan) => !current.some(({ id }) => id === plan.id));
  const removed = current.filter((plan) => !wanted.some(({ id }) => id === plan.id));
  const inTheWay = (plan: UsagePlanStages) => removed.filter((old) => sharedStage(old, plan) !== undefined);
  const moves: PlanMove[] = [];
  const detach = (plan: UsagePlanStages) => {
    if (!moves.some((move) => move.usagePlanId === plan.id)) moves.push({ kind: 'detach', usagePlanId: plan.id });
  };
  const attach = (plan: UsagePlanStages) => moves.push({ kind: 'attach', usagePlanId: plan.id });

  added.filter((plan) => inTheWay(plan).length === 0).forEach(attach);
  for (const plan of added.filter((one) => inTheWay(one).length > 0)) {
    inTheWay(plan).forEach(detach);
    attach(plan);
  }
  removed.forEach(detach);
  return moves;
}

export function sharedStage(one: UsagePlanStages, other: UsagePlanStages): string | undefined {
  return one.stages.find((stage) => other.stages.includes(stage));
}

/** What AWS, or the request itself, forbids about `plans`; null: nothing. */
export type PlanProblem =
  | { code: 'plan_does_not_cover_api'; usagePlanId: string; apiId: string }
  | { code: 'plans_share_stage'; usagePlanIds: [string, string] };

/** Looks for what would fail later: decided before anything is written (decision S0-7). */
export function problemOf(plans: readonly UsagePlanStages[], apis: readonly RequestedApi[]): PlanProblem | null {
  for (const api of apis) {
    for (const usagePlanId of api.usagePlans) {
      const plan = plans.find(({ id }) => id === usagePlanId);
      const covers = plan?.stages.some((stage) => stage.startsWith(`${api.id}/`));
      if (!covers) return { code: 'plan_does_not_cover_api', usagePlanId, apiId: api.id };
    }
  }
  for (const [index, one] of plans.entries()) {
    const other = plans.slice(index + 1).find((plan) => sharedStage(one, plan) !== undefined);
    if (other) return { code: 'plans_share_stage', usagePlanIds: [one.id, other.id] };
  }
  return null;
}
