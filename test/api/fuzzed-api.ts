import { startTestApi, type TestApi } from '../support/api';
import { carryOut, credentialSecrets } from './portal';

const many = '1000000/s';

/** An API on which everything works: AWS makes what is asked for, workers do what they are told, limits are out of the way. */
export async function startFuzzedApi(): Promise<TestApi> {
  const api = await startTestApi({
    env: { RATE_LIMIT_AUTH_FAILURES: many, RATE_LIMIT_WRITES: many, RATE_LIMIT_EVENTS: many },
    overrides: { credentialSecrets },
  });
  carryOut(api);
  return api;
}
