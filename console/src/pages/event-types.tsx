import { Page } from '../components/page';

export function EventTypesPage() {
  return <Page title="Event types">{null}</Page>;
}
