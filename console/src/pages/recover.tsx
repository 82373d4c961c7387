import { Page } from '../components/page';

export function RecoverPage() {
  return <Page title="Recover">{null}</Page>;
}
