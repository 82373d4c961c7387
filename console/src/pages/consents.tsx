import { Page } from '../components/page';

export function ConsentsPage() {
  return <Page title="Consents">{null}</Page>;
}
