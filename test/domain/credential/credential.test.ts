import { appKeyOf, normalizeApis, requestDigestOf } from '../../../src/domain/credential/app';
import type { CredentialRequest } from '../../../src/domain/credential/credential';
import { apiKeyName, appClientName, credentialOfClientName } from '../../../src/domain/credential/names';
import { planMoves, problemOf } from '../../../src/domain/credential/plans';
import { scopesOf, splitScope } from '../../../src/domain/credential/scopes';

const request: CredentialRequest = {
  appName: 'my new aws app',
  appSlug: '590d83b5c05f',
  developer: 'dev@example.com',
  credentialType: 'API_KEY',
  apis: [
    { id: 'b', usagePlans: ['p2', 'p1'] },
    { id: 'a', usagePlans: ['p1'] },
  ],
};

describe('an app', () => {
  it('is known by its slug, whatever it is called', () => {
    expect(appKeyOf({ ...request, appName: 'renamed' })).toBe(appKeyOf(request));
    expect(appKeyOf({ ...request, appSlug: 'other' })).not.toBe(appKeyOf(request));
  });

  it('without a slug is known by its name and developer together', () => {
    const nameless = { ...request, appSlug: null };
    expect(appKeyOf({ ...nameless, appName: 'my new aws', developer: 'appdev@example.com' })).not.toBe(
      appKeyOf({ ...nameless, appName: 'my new aws app', developer: 'dev@example.com' }),
    );
    expect(appKeyOf({ ...nameless, appName: request.appSlug ?? '' })).not.toBe(appKeyOf(request));
  });

  it('has a key without anything personal in it', () => {
    expect(appKeyOf({ ...request, appSlug: null })).toMatch(/^[\w-]{43}$/);
  });
});

describe('the digest of a request', () => {
  it('is the same for other orders and repetitions of ids', () => {
    const apis = [
      { id: 'a', usagePlans: ['p1', 'p1'] },
      { id: 'b', usagePlans: ['p1'] },
      { id: 'b', usagePlans: ['p2', 'p1'] },
    ];
    expect(requestDigestOf({ ...request, apis })).toBe(requestDigestOf(request));
    expect(normalizeApis(apis)).toEqual([
      { id: 'a', usagePlans: ['p1'] },
      { id: 'b', usagePlans: ['p1', 'p2'] },
    ]);
  });

  it.each([
    { appName: 'other' },
    { developer: 'other@example.com' },
    { credentialType: 'CLIENT_CREDENTIALS' as const },
    { apis: [{ id: 'a', usagePlans: ['p1'] }] },
  ])('differs with %j', (other) => {
    expect(requestDigestOf({ ...request, ...other })).not.toBe(requestDigestOf(request));
  });
});

describe('names in AWS', () => {
  const owner = {
    installationId: '019a0000-0000-7000-8000-0000deadbeef',
    credentialId: '019a1111-2222-7333-8444-555566667777',
  };

  it.each([
    ['plain', 'my app'],
    ['with a slash', 'team/app: v1'],
    ['with accents', 'Ação Crédito'],
    ['of emoji', '🚀🚀'],
    ['of 300 characters', 'x'.repeat(300)],
    ['of nothing', ''],
    ['of control characters', 'a\u0000b\nc'],
    ['of another script', '電子メール'],
  ])('an app %s gets a client name that Cognito takes, and that says whose it is', (_what, appName) => {
    const name = appClientName({ appName }, owner);
    expect(name).toMatch(/^[\w\s+=,.@-]{1,128}$/);
    expect(credentialOfClientName(name, owner.installationId)).toBe(owner.credentialId);
    expect(apiKeyName({ appName, developer: 'dev@example.com' })).toMatch(/^[ -~]{1,1024}$/);
  });

  it('keep the app and the developer readable', () => {
    expect(apiKeyName(request)).toBe('my new aws app dev@example.com');
    expect(apiKeyName({ ...request, appName: 'Ação/Crédito' })).toBe('Acao/Credito dev@example.com');
    expect(appClientName({ appName: 'Ação/Crédito 🚀' }, owner)).toMatch(/^Acao-Credito\.eh-/);
  });

  it('of other installations, and of others at all, are not ours', () => {
    const foreign = { ...owner, installationId: '019a0000-0000-7000-8000-0000cafecafe' };
    expect(credentialOfClientName(appClientName(request, foreign), owner.installationId)).toBeNull();
    expect(credentialOfClientName('their-client', owner.installationId)).toBeNull();
  });
});

describe('usage plans', () => {
  const plan = (id: string, ...stages: string[]) => ({ id, stages });

  it('move by attaching first, except where one stage would be covered twice', () => {
    const moves = planMoves(
      [plan('old', 'a/prod', 'b/prod'), plan('gone', 'c/prod'), plan('kept', 'd/prod')],
      [plan('new1', 'a/prod'), plan('new2', 'b/prod'), plan('kept', 'd/prod'), plan('free', 'e/prod')],
    );
    expect(moves.map(({ kind, usagePlanId }) => `${kind} ${usagePlanId}`)).toEqual([
      'attach free',
      'detach old',
      'attach new1',
      'attach new2',
      'detach gone',
    ]);
  });

  it('that stay as they are need no move', () => {
    expect(planMoves([plan('p', 'a/prod')], [plan('p', 'a/prod')])).toEqual([]);
  });

  it('are refused where one does not cover the API it was asked for', () => {
    const plans = [plan('p1', 'a/prod')];
    expect(problemOf(plans, [{ id: 'a', usagePlans: ['p1'] }])).toBeNull();
    expect(problemOf(plans, [{ id: 'b', usagePlans: ['p1'] }])).toEqual({
      code: 'plan_does_not_cover_api',
      usagePlanId: 'p1',
      apiId: 'b',
    });
  });

  it('are refused where two cover the same stage', () => {
    const apis = [{ id: 'a', usagePlans: ['p1', 'p2'] }];
    expect(problemOf([plan('p1', 'a/prod'), plan('p2', 'a/prod')], apis)).toMatchObject({ code: 'plans_share_stage' });
    expect(problemOf([plan('p1', 'a/prod'), plan('p2', 'a/test')], apis)).toBeNull();
  });
});

describe('scopes', () => {
  const map = { byApi: { a: 'https://rs.example/v1/read', b: 'rs/write' }, defaults: ['rs/basic'] };

  it('come from the APIs that are asked for, each once', () => {
    const apis = ['b', 'a', 'b'].map((id) => ({ id, usagePlans: [] }));
    expect(scopesOf(apis, map)).toEqual({ kind: 'scopes', scopes: ['https://rs.example/v1/read', 'rs/write'] });
  });

  it('are the defaults without APIs', () => {
    expect(scopesOf([], map)).toEqual({ kind: 'scopes', scopes: ['rs/basic'] });
  });

  it('tell the APIs that nobody mapped, names of objects among them', () => {
    const apis = ['a', 'x', 'constructor'].map((id) => ({ id, usagePlans: [] }));
    expect(scopesOf(apis, map)).toEqual({ kind: 'unmapped', apiIds: ['x', 'constructor'] });
  });

  it('split at the last slash', () => {
    expect(splitScope('https://rs.example/v1/read')).toEqual({ resourceServer: 'https://rs.example/v1', name: 'read' });
    expect(splitScope('read')).toBeNull();
    expect(splitScope('rs/')).toBeNull();
  });
});
