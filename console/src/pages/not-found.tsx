import { Empty } from '../components/states';
import { Page } from '../components/page';

export function NotFoundPage() {
  return (
    <Page title="Not found">
      <Empty title="There is no such page">
        <p>
          <a href="/console">Go to the overview</a>
        </p>
      </Empty>
    </Page>
  );
}
