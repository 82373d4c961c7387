import type { ApiDependencies } from '../dependencies';
import type { ErrorFormatRow } from '../errors/format';
import type { RateLimits } from '../middleware/rate-limits';
import type { Route } from '../route';

/** One external contract's part of the API: its paths, and how errors read there. */
export interface ApiContract {
  routes(dependencies: ApiDependencies, limits: RateLimits): Route[];
  errors: readonly ErrorFormatRow[];
}
