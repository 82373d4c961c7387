import Ajv2020 from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import { eventCatalogue, findEventType } from '../../src/domain/event-catalogue';
import { profiles } from '../../src/domain/profiles';

describe('the event catalogue', () => {
  it("has sovrin's two types, named as its guide names them", () => {
    const names = eventCatalogue.filter((type) => type.contract === 'sovrin').map((type) => type.name);
    expect(names).toEqual(['OpenIdCredentialIssued', 'OidcIssuerCredentialIssued']);
  });

  it('finds a type by its name and nothing by any other, inherited ones included', () => {
    for (const type of eventCatalogue) expect(findEventType(type.name)).toBe(type);
    for (const name of ['', 'nothing', 'toString', '__proto__', 'openidcredentialissued']) {
      expect(findEventType(name)).toBeUndefined();
    }
  });

  it('has each name once, of a contract with a profile, well described', () => {
    expect(new Set(eventCatalogue.map((type) => type.name)).size).toBe(eventCatalogue.length);
    for (const type of eventCatalogue) {
      expect(profiles[type.contract].contract).toBe(type.contract);
      expect(type.description).toMatch(/\.$/);
    }
  });

  it.each(eventCatalogue.map((type) => [type.name, type] as const))(
    'has an example of %s that its own schema takes, with further keys too, while it refuses what is no object',
    (_name, type) => {
      const ajv = new Ajv2020({ strict: true });
      addFormats(ajv);
      const valid = ajv.compile(type.schema);
      expect(valid(type.example)).toBe(true);
      expect(valid({ ...type.example, somethingNew: 1 })).toBe(true);
      expect(valid('text')).toBe(false);
      expect(valid([])).toBe(false);
    },
  );
});
