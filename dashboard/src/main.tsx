/** The page of a node: mounts it, and begins what lives as long as it does. */
import { render } from 'preact';
import { App } from './app.tsx';
import { startState } from './node-state.ts';
import { startRoute } from './route.ts';
import { startTheme } from './theme.ts';

startTheme();
startRoute();
startState();
render(<App />, document.getElementById('app')!);
