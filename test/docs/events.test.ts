import { cataloguePage } from '../../scripts/catalogue-page';
import { eventCatalogue } from '../../src/domain/event-catalogue';
import { readDocument } from './documents';

it('docs/events.md is what the catalogue makes of it: npx tsx scripts/catalogue-page.ts > docs/events.md', () => {
  expect(readDocument('docs/events.md').text).toBe(cataloguePage());
});

it('names every event type with its example', () => {
  const page = cataloguePage();
  for (const { name, example } of eventCatalogue) {
    expect(page).toContain(`### \`${name}\``);
    expect(page).toContain(JSON.stringify(example, null, 2));
  }
});
