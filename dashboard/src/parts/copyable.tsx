/** An id in short; its button copies all of it. */
import { useState } from 'preact/hooks';
import { short } from '../words.ts';

interface CopyableProps {
  readonly text: string;
  /** What it is, for who hears the page. */
  readonly what: string;
  /** All of it is shown. */
  readonly whole?: boolean;
  /** In its place. */
  readonly shown?: string;
}

const saidForMs = 1500;

export function Copyable({ text, what, whole = false, shown = whole ? text : short(text) }: CopyableProps) {
  const [said, setSaid] = useState<'' | 'copied' | 'select it'>('');
  async function copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(text);
      setSaid('copied');
    } catch {
      // Plain HTTP from elsewhere has no clipboard.
      setSaid('select it');
    }
    setTimeout(() => setSaid(''), saidForMs);
  }
  return (
    <span class="copyable">
      <code title={text}>{shown}</code>
      <button type="button" onClick={copy} aria-label={`Copy ${what}`} title={`Copy ${what}`}>
        <svg viewBox="0 0 16 16" aria-hidden="true">
          <path d="M5.5 5.5v-3h8v8h-3M2.5 5.5h8v8h-8z" />
        </svg>
      </button>
      <span class="said" role="status">
        {said}
      </span>
    </span>
  );
}
