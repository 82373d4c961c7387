import { Page } from '../components/page';

export function CredentialsPage() {
  return <Page title="Credentials">{null}</Page>;
}
