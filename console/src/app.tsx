import { LocationProvider } from 'preact-iso/router';
import { Confirming } from './components/confirm';
import { Layout } from './layout';
import { Pages } from './routes';
import { SessionGate } from './session';
import { Toasts } from './toasts';

export function App() {
  return (
    <LocationProvider scope="/console">
      <Toasts>
        <Confirming>
          <SessionGate>
            <Layout>
              <Pages />
            </Layout>
          </SessionGate>
        </Confirming>
      </Toasts>
    </LocationProvider>
  );
}
