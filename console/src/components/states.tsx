import type { ComponentChildren } from 'preact';
import type { ApiError } from '../api';
import type { Resource } from '../resource';
import { Button } from './button';
import { Icon, type IconName } from './icon';

/** Nothing is there: says why, and what to do. */
export function Empty({
  title,
  icon = 'search',
  children,
}: {
  title: string;
  icon?: IconName;
  children?: ComponentChildren;
}) {
  return (
    <div class="empty">
      <Icon name={icon} />
      <p class="empty-title">{title}</p>
      {children}
    </div>
  );
}

/**
 * What went wrong, and a way to try again.
 * @param onRetry asks again; what may pass is asked again without it too, as {@link useResource} does
 */
export function ErrorBox({ error, onRetry }: { error: ApiError; onRetry?: () => void }) {
  return (
    <div class="error-box" role="alert">
      <Icon name="alert" />
      <div>
        <strong>{error.title}</strong>
        {error.detail && <p>{error.detail}</p>}
        {onRetry && error.isPassing && <p>It is tried again by itself.</p>}
        {error.problems.length > 0 && (
          <ul>
            {error.problems.map(({ pointer, message }) => (
              <li key={pointer}>
                <code>{pointer}</code> {message}
              </li>
            ))}
          </ul>
        )}
        {error.requestId && (
          <p class="faint">
            Request <code>{error.requestId}</code>
          </p>
        )}
      </div>
      {onRetry && <Button onClick={onRetry}>Try again</Button>}
    </div>
  );
}

/** Grey lines in the place of what is loading. */
export function Loading({ lines = 6 }: { lines?: number }) {
  return (
    <div class="skeleton" role="status" aria-label="Loading">
      {Array.from({ length: lines }, (_, line) => (
        <span key={line} />
      ))}
    </div>
  );
}

/**
 * `children` of the data as soon as there is some; until then a placeholder, or what went wrong. An error later on is
 * told above the older data.
 */
export function Loaded<T>({
  from,
  lines,
  children,
}: {
  from: Resource<T>;
  lines?: number;
  children: (data: T) => ComponentChildren;
}) {
  const { data, error, refresh } = from;
  if (error?.status === 404 && data === undefined) {
    return (
      <Empty title="There is nothing here">
        <p>It was deleted, is no longer kept, or belongs to another tenant.</p>
      </Empty>
    );
  }
  return (
    <>
      {error && <ErrorBox error={error} onRetry={refresh} />}
      {data !== undefined ? children(data) : !error && <Loading {...(lines !== undefined && { lines })} />}
    </>
  );
}
