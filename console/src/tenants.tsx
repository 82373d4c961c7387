import { useState } from 'preact/hooks';
import { withQuery, type Tenant } from './api';
import type { List } from './api-types';
import { Dialog } from './components/dialog';
import { TextField } from './components/field';
import { Icon } from './components/icon';
import { Card, Page } from './components/page';
import { Empty, Loaded } from './components/states';
import { useResource } from './resource';
import { useSession } from './session';

/** Whose pages these are; operators change it here. */
export function TenantSwitch() {
  const { operator, tenantName, switchTenant } = useSession();
  const [open, setOpen] = useState(false);
  if (!operator) return <p class="tenant-name">{tenantName}</p>;
  return (
    <>
      <button type="button" class="tenant-switch" aria-haspopup="dialog" onClick={() => setOpen(true)}>
        <span class="visually-hidden">Tenant: </span>
        <span class="tenant-switch-name">{tenantName ?? 'Choose a tenant'}</span>
        <Icon name="chevron" />
      </button>
      {open && (
        <Dialog title="Choose a tenant" onClose={() => setOpen(false)}>
          <TenantList
            onChoose={(tenant) => {
              setOpen(false);
              switchTenant(tenant);
            }}
          />
        </Dialog>
      )}
    </>
  );
}

/** What an operator sees who has chosen no tenant yet. */
export function ChooseTenant() {
  const { switchTenant } = useSession();
  return (
    <Page title="Choose a tenant" description="You are signed in as an operator: every page is about one tenant.">
      <Card>
        <TenantList onChoose={switchTenant} />
      </Card>
    </Page>
  );
}

function TenantList({ onChoose }: { onChoose: (tenant: Tenant) => void }) {
  const [name, setName] = useState('');
  const tenants = useResource<List<Tenant>>(withQuery('/console/tenants', { name, limit: 20 }));
  return (
    <div class="stack">
      <TextField label="Search by name" type="search" value={name} onInput={setName} />
      <Loaded from={tenants}>
        {({ data, nextCursor }) => (
          <>
            {data.length === 0 && (
              <Empty title={name ? 'No tenant has this in its name' : 'There is no tenant yet'}>
                {!name && <pre>everhook tenant create --name Acme</pre>}
              </Empty>
            )}
            <ul class="choices">
              {data.map((tenant) => (
                <li key={tenant.id}>
                  <button type="button" onClick={() => onChoose(tenant)}>
                    <strong>{tenant.name}</strong> <code>{tenant.id}</code>
                  </button>
                </li>
              ))}
            </ul>
            {nextCursor && <p class="faint">There are more: search for a part of the name.</p>}
          </>
        )}
      </Loaded>
    </div>
  );
}
