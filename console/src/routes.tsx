import { Route, Router } from 'preact-iso/router';
import { ConsentPage } from './pages/consent';
import { ConsentsPage } from './pages/consents';
import { CredentialPage } from './pages/credential';
import { CredentialsPage } from './pages/credentials';
import { DeliveriesPage } from './pages/deliveries';
import { DeliveryPage } from './pages/delivery';
import { ErrorsPage } from './pages/errors';
import { EventTypesPage } from './pages/event-types';
import { NotFoundPage } from './pages/not-found';
import { OverviewPage } from './pages/overview';
import { RecoverPage } from './pages/recover';
import { WebhookPage } from './pages/webhook';
import { WebhooksPage } from './pages/webhooks';

/** Every page has its address; a page reads its `id` from `useRoute().params`. */
export function Pages() {
  return (
    <Router onRouteChange={focusHeading}>
      <Route path="/console" component={OverviewPage} />
      <Route path="/console/deliveries" component={DeliveriesPage} />
      <Route path="/console/deliveries/:id" component={DeliveryPage} />
      <Route path="/console/webhooks" component={WebhooksPage} />
      <Route path="/console/webhooks/:id" component={WebhookPage} />
      <Route path="/console/consents" component={ConsentsPage} />
      <Route path="/console/consents/:id" component={ConsentPage} />
      <Route path="/console/credentials" component={CredentialsPage} />
      <Route path="/console/credentials/:id" component={CredentialPage} />
      <Route path="/console/event-types" component={EventTypesPage} />
      <Route path="/console/event-types/:name" component={EventTypesPage} />
      <Route path="/console/recover" component={RecoverPage} />
      <Route path="/console/errors" component={ErrorsPage} />
      <Route path="/console/errors/:class" component={ErrorsPage} />
      <Route default component={NotFoundPage} />
    </Router>
  );
}

/** Screen readers say where one is now, and the keyboard goes on from there. */
function focusHeading(): void {
  document.querySelector<HTMLElement>('main h1')?.focus({ preventScroll: true });
}
