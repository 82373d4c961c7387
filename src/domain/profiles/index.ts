import type { Contract } from '../webhook';
import { celcoinProfile } from './celcoin';
import { everhookProfile } from './everhook';
import { iceyeProfile } from './iceye';
import type { ContractProfile } from './profile';
import { sovrinProfile } from './sovrin';
import { tykProfile } from './tyk';

/** Every contract's profile, by contract. */
export const profiles: Record<Contract, ContractProfile> = {
  sovrin: sovrinProfile,
  iceye: iceyeProfile,
  celcoin: celcoinProfile,
  tyk: tykProfile,
  everhook: everhookProfile,
};

export type { AttemptContext, ContractProfile, MessageSigningKey, OutgoingRequest } from './profile';
