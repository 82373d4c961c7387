import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import { Icon } from './icon';

interface Props {
  /** The heading, and the title of the window. */
  title: string;
  /** What is shown as heading instead of the bare title. */
  heading?: ComponentChildren;
  /** The page above this one. */
  parent?: { href: string; text: string };
  description?: ComponentChildren;
  actions?: ComponentChildren;
  children: ComponentChildren;
}

/** A page has one heading, which takes the focus when it is gone to (routes.tsx). */
export function Page({ title, heading, parent, description, actions, children }: Props) {
  useEffect(() => {
    document.title = `${title} · Everhook`;
  }, [title]);
  return (
    <main id="main" class="page" tabIndex={-1}>
      <div class="page-head">
        <div>
          {parent && (
            <a class="parent-link" href={parent.href}>
              <Icon name="chevron" /> {parent.text}
            </a>
          )}
          <h1 tabIndex={-1}>{heading ?? title}</h1>
          {description && <div class="page-description">{description}</div>}
        </div>
        {actions && <div class="page-actions">{actions}</div>}
      </div>
      {children}
    </main>
  );
}

/** A part of a page with a heading of its own. */
export function Card({
  title,
  actions,
  children,
  flush,
}: {
  title?: ComponentChildren;
  actions?: ComponentChildren;
  children: ComponentChildren;
  flush?: boolean;
}) {
  return (
    <section class={flush ? 'card flush' : 'card'}>
      {(title || actions) && (
        <div class="card-head">
          {title && <h2>{title}</h2>}
          {actions && <div class="card-actions">{actions}</div>}
        </div>
      )}
      {children}
    </section>
  );
}
