import type { Contract } from '../webhook';
import { everhookProfile } from './everhook';
import type { ContractProfile } from './profile';
import { sovrinProfile } from './sovrin';

/** Every contract's profile, by contract. */
export const profiles: Record<Contract, ContractProfile> = {
  everhook: everhookProfile,
  sovrin: sovrinProfile,
};

export type { AttemptContext, ContractProfile, MessageSigningKey, OutgoingRequest } from './profile';
