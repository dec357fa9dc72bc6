/** The head of the page: whose page it is, the search, the theme. */
import { useState } from 'preact/hooks';
import { failure, nowMs, status } from '../node-state.ts';
import { agentPlace, route } from '../route.ts';
import { theme, turnTheme } from '../theme.ts';
import { duration } from '../words.ts';

const themeNames = { system: 'as the system', light: 'light', dark: 'dark' } as const;

export function Masthead() {
  return (
    <header class="masthead">
      <a class="wordmark" href="#/" aria-label="weft: this node">
        <svg viewBox="0 0 44 32" aria-hidden="true">
          <path class="warp" d="M8 3v26M18 3v26M28 3v26M38 3v26" />
          <path class="thread" d="M2 16c3 0 3-6 6-6s6 12 10 12 6-12 10-12 7 12 10 12 3-6 5-6" />
        </svg>
        <span>weft</span>
      </a>
      <Lookup />
      <State />
      <button
        type="button"
        class="theme"
        onClick={turnTheme}
        aria-label={`Colours: ${themeNames[theme.value]}. Change`}
        title={`Colours: ${themeNames[theme.value]}`}
      >
        <svg viewBox="0 0 20 20" aria-hidden="true">
          <circle cx="10" cy="10" r="7" />
          <path class={`half ${theme.value}`} d="M10 3a7 7 0 0 1 0 14z" />
        </svg>
        <span>{theme.value === 'system' ? 'auto' : theme.value}</span>
      </button>
    </header>
  );
}

function Lookup() {
  const [fault, setFault] = useState('');
  const shown = route.value;
  function submit(event: SubmitEvent): void {
    event.preventDefault();
    const input = (event.target as HTMLFormElement).elements.namedItem('agent') as HTMLInputElement;
    const id = input.value.trim();
    if (!/^(did:)?nanda:[a-z2-7]{52}$/.test(id)) {
      setFault('An agent id is nanda: and 52 letters and digits.');
      return;
    }
    setFault('');
    input.blur();
    location.hash = agentPlace(id.replace(/^did:/, ''));
  }
  return (
    <search class="lookup">
      <form onSubmit={submit}>
        <label class="unseen" for="lookup">
          Look up an agent
        </label>
        <input
          key={shown.view === 'agent' ? shown.id : ''}
          id="lookup"
          name="agent"
          placeholder="Look up an agent   nanda:…"
          defaultValue={shown.view === 'agent' ? shown.id : ''}
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
          maxLength={80}
          onKeyDown={(event) => {
            if (event.key === 'Escape') event.currentTarget.blur();
          }}
          aria-describedby="lookup-fault"
          aria-invalid={fault !== ''}
        />
        <kbd>/</kbd>
        <button type="submit">Look up</button>
      </form>
      <p id="lookup-fault" class="fault" role="alert">
        {fault}
      </p>
    </search>
  );
}

function State() {
  const known = status.value;
  if (known === null) return <p class="state" />;
  if (failure.value?.code === 'unreachable') {
    return (
      <p class="state silent">
        <span class="lamp" aria-hidden="true" />
        no answer
      </p>
    );
  }
  const upSeconds = (nowMs.value - Date.parse(known.startedAt)) / 1000;
  return (
    <p class={`state ${known.state}`}>
      <span class="lamp" aria-hidden="true" />
      {known.state} <span class="quiet">for {duration(upSeconds)}</span>
    </p>
  );
}
