import { useEffect, useState } from 'preact/hooks';
import { deliveryStatuses, errorClasses } from '../../../../src/domain/delivery';
import { Button } from '../../components/button';
import { Icon } from '../../components/icon';
import { SelectField, TextField } from '../../components/field';
import { useQuery } from '../../query';
import { fromLocalInput, toLocalInput } from '../../time';
import { shortReasons } from '../../failures';
import { useWebhooks, webhookName } from '../../use-webhooks';

/** Parameters of the page's address and of the list in the API: they are the same. */
export const filterNames = ['status', 'errorClass', 'webhookId', 'eventId', 'eventType', 'after', 'before'] as const;

export function hasFilter(query: Record<string, string>): boolean {
  return filterNames.some((name) => query[name]);
}

const reasons = [
  { value: '', text: 'Any or none' },
  ...errorClasses.map((value) => ({ value, text: `${shortReasons[value]} (${value})` })),
];

/** Every change is a change of the address, and goes back to the newest page. */
export function DeliveryFilters() {
  const [query, setQuery] = useQuery();
  const webhooks = useWebhooks();
  const [open, setOpen] = useState(() => hasFilter(query));
  const set = (patch: Record<string, string | null>) => setQuery({ cursor: null, ...patch });
  const statuses = ['', ...deliveryStatuses].map((value) => ({ value, text: value === '' ? 'Every status' : value }));
  const known = webhooks.map((webhook) => ({ value: webhook.id, text: webhookName(webhook) }));
  // The one of the address may be deleted, or older than those that are listed.
  const other = query.webhookId && !known.some(({ value }) => value === query.webhookId);

  return (
    <form
      class={open ? 'filters' : 'filters folded'}
      role="search"
      aria-label="Filter deliveries"
      onSubmit={(event) => event.preventDefault()}
    >
      <div class="filters-fold">
        <button type="button" class="button" aria-expanded={open} onClick={() => setOpen(!open)}>
          <Icon name="search" /> Filters
        </button>
      </div>
      <TypedFilter label="Event id" name="eventId" placeholder="exactly" />
      <SelectField
        label="Status"
        value={query.status ?? ''}
        onChange={(status) => set({ status })}
        options={statuses}
      />
      <SelectField
        label="Last failure"
        value={query.errorClass ?? ''}
        onChange={(errorClass) => set({ errorClass })}
        options={reasons}
      />
      <SelectField
        label="Webhook"
        value={query.webhookId ?? ''}
        onChange={(webhookId) => set({ webhookId })}
        options={[
          { value: '', text: 'Every webhook' },
          ...known,
          ...(other ? [{ value: query.webhookId ?? '', text: query.webhookId ?? '' }] : []),
        ]}
      />
      <TypedFilter label="Event type" name="eventType" placeholder="e.g. everhook.test" />
      <TextField
        label="From"
        type="datetime-local"
        step={1}
        value={toLocalInput(query.after)}
        onInput={(value) => set({ after: fromLocalInput(value) })}
      />
      <TextField
        label="Until"
        type="datetime-local"
        step={1}
        value={toLocalInput(query.before)}
        onInput={(value) => set({ before: fromLocalInput(value) })}
      />
      {hasFilter(query) && (
        <Button kind="quiet" onClick={() => set(Object.fromEntries(filterNames.map((name) => [name, null])))}>
          Clear
        </Button>
      )}
    </form>
  );
}

/** Waits until one stops typing. */
function TypedFilter({
  label,
  name,
  placeholder,
}: {
  label: string;
  name: 'eventId' | 'eventType';
  placeholder: string;
}) {
  const [query, setQuery] = useQuery();
  const inAddress = query[name] ?? '';
  const [typed, setTyped] = useState(inAddress);
  useEffect(() => setTyped(inAddress), [inAddress]);
  useEffect(() => {
    if (typed === inAddress) return;
    const timer = setTimeout(() => setQuery({ [name]: typed.trim(), cursor: null }, inAddress !== ''), 350);
    return () => clearTimeout(timer);
  }, [typed]);
  return <TextField label={label} type="search" mono value={typed} onInput={setTyped} placeholder={placeholder} />;
}
