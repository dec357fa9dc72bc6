/** The page of a node: mounts it, and begins what lives as long as it does. */
import { effect } from '@preact/signals';
import { render } from 'preact';
import { App } from './app.tsx';
import { startState, status } from './node-state.ts';
import { route, startRoute } from './route.ts';
import { startTheme } from './theme.ts';
import { short } from './words.ts';

startTheme();
startRoute();
startState();
// Several nodes in several tabs are told apart.
effect(() => {
  const shown = route.value.view === 'agent' ? route.value.id : status.value?.peer;
  document.title = shown === undefined ? 'weft' : `${short(shown)} · weft`;
});
render(<App />, document.getElementById('app')!);
