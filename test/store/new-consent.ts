import { Secret } from '../../src/domain/secret';
import type { NewConsent } from '../../src/store/consents';

/** What a tenant asks for, unless said otherwise. */
export function newConsent(tenantId: string, rest: Partial<NewConsent> = {}): NewConsent {
  return {
    tenantId,
    type: 'DATA',
    loggedUser: { document: { identification: new Secret('12345678901'), rel: 'CPF' } },
    permissions: ['ACCOUNTS_READ', 'RESOURCES_READ'],
    expirationDateTime: null,
    ...rest,
  };
}
