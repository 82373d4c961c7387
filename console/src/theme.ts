/** Light, dark or as the system says. Kept in this browser. */
export type Theme = 'system' | 'light' | 'dark';

const key = 'everhook.theme';
export const themes: readonly Theme[] = ['system', 'light', 'dark'];

export function chosenTheme(): Theme {
  const stored = localStorage.getItem(key);
  return themes.find((theme) => theme === stored) ?? 'system';
}

/** Applies it to the document and remembers it. */
export function applyTheme(theme: Theme): void {
  if (theme === 'system') localStorage.removeItem(key);
  else localStorage.setItem(key, theme);
  if (theme === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  // Charts are painted once, with the colours of that moment.
  window.dispatchEvent(new Event(themeEvent));
}

/** Fired on `window` when the theme was changed by hand. */
export const themeEvent = 'everhook:theme';
