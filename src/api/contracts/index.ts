import { celcoinContract } from './celcoin';
import type { ApiContract } from './contract';
import { iceyeContract } from './iceye';
import { sovrinContract } from './sovrin';

/** Every external contract. */
export const apiContracts: readonly ApiContract[] = [celcoinContract, iceyeContract, sovrinContract];
