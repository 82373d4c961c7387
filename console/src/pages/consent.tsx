import { Page } from '../components/page';

export function ConsentPage() {
  return <Page title="Consent">{null}</Page>;
}
