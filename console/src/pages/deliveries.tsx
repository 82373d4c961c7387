import { Page } from '../components/page';

export function DeliveriesPage() {
  return <Page title="Deliveries">{null}</Page>;
}
