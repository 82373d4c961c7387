import { celcoinContract } from './celcoin';
import type { ApiContract } from './contract';
import { iceyeContract } from './iceye';
import { sensediaContract } from './sensedia';
import { sovrinContract } from './sovrin';
import { tykContract } from './tyk';

/** Every external contract. */
export const apiContracts: readonly ApiContract[] = [
  sensediaContract,
  celcoinContract,
  iceyeContract,
  sovrinContract,
  tykContract,
];
