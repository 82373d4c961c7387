import type { ApiContract } from './contract';
import { sovrinContract } from './sovrin';

/** Every external contract. */
export const apiContracts: readonly ApiContract[] = [sovrinContract];
