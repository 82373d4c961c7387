const paths = {
  overview: 'M3 13h5v8H3zM10 3h5v18h-5zM17 8h5v13h-5z',
  deliveries: 'M22 2 11 13M22 2l-7 20-4-9-9-4z',
  webhooks: 'M9 7v10a5 5 0 0 0 10 0v-2m0 0-3 3m3-3 3 3M9 7a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5',
  recover: 'M3 12a9 9 0 1 0 3-6.7L3 8M3 3v5h5M12 7v5l4 2',
  catalogue: 'M4 5h16M4 12h16M4 19h10',
  consents: 'M9 12l2 2 4-4M12 2l8 3v6c0 5-3.5 9-8 11-4.500-2-8-6-8-11V5z',
  credentials: 'M15 9a5 5 0 1 1-4.500-5A5 5 0 0 1 15 9zM13.500 12.500 22 21M18 17l3-3',
  book: 'M4 4h6a2 2 0 0 1 2 2v14a2 2 0 0 0-2-2H4zM20 4h-6a2 2 0 0 0-2 2v14a2 2 0 0 1 2-2h6z',
  check: 'M5 13l4 4L19 7',
  alert:
    'M12 8v5m0 3.500v.01M10.300 3.900 2 18a2 2 0 0 0 1.700 3h16.600a2 2 0 0 0 1.700-3L13.700 3.900a2 2 0 0 0-3.400 0z',
  clock: 'M12 7v5l3 2M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0z',
  cancel: 'M5.600 5.600l12.800 12.800M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0z',
  close: 'M6 6l12 12M18 6 6 18',
  menu: 'M4 6h16M4 12h16M4 18h16',
  search: 'M21 21l-4.300-4.300M18 11a7 7 0 1 1-14 0 7 7 0 0 1 14 0z',
  copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
  external: 'M14 4h6v6M20 4l-9 9M18 14v6H4V6h6',
  chevron: 'M9 6l6 6-6 6',
  refresh: 'M20 11a8 8 0 1 0-2.300 5.700M20 5v6h-6',
  plus: 'M12 5v14M5 12h14',
  pause: 'M8 5v14M16 5v14',
  play: 'M7 4l13 8-13 8z',
} as const;

export type IconName = keyof typeof paths;

/** Decoration: what it means is always written beside it, or in an `aria-label`. */
export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={paths[name]} />
    </svg>
  );
}

export function Logo() {
  return (
    <svg class="logo" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="8" />
      <path d="M11 7v10a5 5 0 0 0 10 0v-2m0 0-3 3m3-3 3 3" />
      <circle cx="11" cy="7" r="2.4" />
    </svg>
  );
}
