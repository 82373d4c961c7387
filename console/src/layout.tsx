import { Fragment, type ComponentChildren } from 'preact';
import { useLocation } from 'preact-iso/router';
import { useEffect, useErrorBoundary, useState } from 'preact/hooks';
import { Button } from './components/button';
import { Icon, Logo, type IconName } from './components/icon';
import { Page } from './components/page';
import { Empty } from './components/states';
import { ChooseTenant, TenantSwitch } from './tenants';
import { useSession } from './session';
import { applyTheme, chosenTheme, themes, type Theme } from './theme';

interface Place {
  href: string;
  text: string;
  icon: IconName;
  /** Shown to whoever has it. */
  scope?: string;
}

const places: readonly Place[] = [
  { href: '/console', text: 'Overview', icon: 'overview' },
  { href: '/console/deliveries', text: 'Deliveries', icon: 'deliveries', scope: 'deliveries:read' },
  { href: '/console/webhooks', text: 'Webhooks', icon: 'webhooks', scope: 'webhooks:read' },
  { href: '/console/recover', text: 'Recover', icon: 'recover', scope: 'webhooks:write' },
  { href: '/console/event-types', text: 'Event types', icon: 'catalogue' },
  { href: '/console/consents', text: 'Consents', icon: 'consents', scope: 'consents:read' },
  { href: '/console/credentials', text: 'Credentials', icon: 'credentials', scope: 'credentials:read' },
];

/** Navigation beside the page. */
export function Layout({ children }: { children: ComponentChildren }) {
  const { path } = useLocation();
  const session = useSession();
  const [open, setOpen] = useState(false);
  useEffect(() => setOpen(false), [path]);
  const isHere = (href: string) => (href === '/console' ? path === href : path === href || path.startsWith(`${href}/`));

  return (
    <div class="layout">
      <a class="skip-link" href="#main">
        Skip to content
      </a>
      <header class="sidebar" data-open={open}>
        <div class="sidebar-head">
          <a class="brand" href="/console">
            <Logo /> Everhook
          </a>
          <button
            type="button"
            class="icon-button menu-button"
            aria-expanded={open}
            aria-controls="navigation"
            aria-label="Menu"
            onClick={() => setOpen(!open)}
          >
            <Icon name={open ? 'close' : 'menu'} />
          </button>
        </div>
        <div class="sidebar-body" id="navigation">
          <TenantSwitch />
          <nav aria-label="Pages">
            <ul>
              {places
                .filter(({ scope }) => !scope || session.may(scope))
                .map(({ href, text, icon }) => (
                  <li key={href}>
                    <a href={href} aria-current={isHere(href) ? 'page' : undefined}>
                      <Icon name={icon} /> {text}
                    </a>
                  </li>
                ))}
            </ul>
          </nav>
          <div class="sidebar-foot">
            <a href="/docs" target="_blank" rel="noopener">
              <Icon name="book" /> API reference
            </a>
            <ThemeSwitch />
            <SignedInAs />
          </div>
        </div>
      </header>
      <Fragment key={session.tenantId}>
        {session.tenantId === null ? <ChooseTenant /> : <Unbroken>{children}</Unbroken>}
      </Fragment>
    </div>
  );
}

/** A page with a mistake of ours in it says so, and leaves the others to be gone to. */
function Unbroken({ children }: { children: ComponentChildren }) {
  const { path } = useLocation();
  const [error, reset] = useErrorBoundary(reportError);
  useEffect(() => {
    if (error) reset();
  }, [path]);
  if (!error) return <>{children}</>;
  return (
    <Page title="This page broke">
      <Empty title="A mistake in the console, not in your data" icon="alert">
        <p>Nothing was changed by it. The other pages, the API and the command line go on working.</p>
        <Button onClick={() => location.reload()}>Load it again</Button>
      </Empty>
    </Page>
  );
}

function SignedInAs() {
  const { operator, clientId, signOut } = useSession();
  const name = operator ? 'Operator' : (clientId ?? 'By a link');
  return (
    <div class="signed-in">
      <span title={name}>{name}</span>
      <button type="button" class="link-button" onClick={() => void signOut()}>
        Sign out
      </button>
    </div>
  );
}

function ThemeSwitch() {
  const [theme, setTheme] = useState<Theme>(chosenTheme);
  const names = { system: 'System', light: 'Light', dark: 'Dark' };
  return (
    <div class="segmented" role="radiogroup" aria-label="Colours">
      {themes.map((one) => (
        <label key={one}>
          <input
            type="radio"
            name="theme"
            checked={theme === one}
            onChange={() => {
              applyTheme(one);
              setTheme(one);
            }}
          />
          <span>{names[one]}</span>
        </label>
      ))}
    </div>
  );
}
