import { Page } from '../components/page';

export function DeliveryPage() {
  return <Page title="Delivery">{null}</Page>;
}
