/** Light or dark: as the system says, until the reader says otherwise. */
import { effect, signal } from '@preact/signals';

export type Theme = 'system' | 'light' | 'dark';

const place = 'weft-theme';
const order: readonly Theme[] = ['system', 'light', 'dark'];
const stored = localStorage.getItem(place);

export const theme = signal<Theme>(stored === 'light' || stored === 'dark' ? stored : 'system');
const systemIsDark = matchMedia('(prefers-color-scheme: dark)');
/** Changes when the colours do: what is drawn by hand is drawn again. */
export const isDark = signal(false);

/** Keeps the page in its theme; once, when it opens. */
export function startTheme(): void {
  const apply = (): void => {
    const chosen = theme.value;
    if (chosen === 'system') delete document.documentElement.dataset['theme'];
    else document.documentElement.dataset['theme'] = chosen;
    isDark.value = chosen === 'dark' || (chosen === 'system' && systemIsDark.matches);
  };
  effect(apply);
  systemIsDark.addEventListener('change', apply);
}

/** The next of system, light and dark. */
export function turnTheme(): void {
  theme.value = order[(order.indexOf(theme.value) + 1) % order.length]!;
  if (theme.value === 'system') localStorage.removeItem(place);
  else localStorage.setItem(place, theme.value);
}
