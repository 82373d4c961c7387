import { argon2id, hash, verify } from 'argon2';
import type { Secret } from '../domain/secret';

/** OWASP's least for argon2id: 19 MiB, two passes, one lane. */
const cost = { type: argon2id, memoryCost: 19 * 1024, timeCost: 2, parallelism: 1 } as const;

/** For passwords that people choose; in PHC format, so that what it cost stays with it. */
export function hashPassword(password: Secret): Promise<string> {
  return hash(password.reveal(), cost);
}

/** Takes about 20 ms of a core. False also for something that is no hash. */
export async function isPassword(passwordHash: string, password: Secret): Promise<boolean> {
  try {
    return await verify(passwordHash, password.reveal());
  } catch {
    return false;
  }
}
