/** Asks for the token where reads are closed. */
import { giveToken } from '../api/client.ts';

export function TokenForm() {
  function submit(event: SubmitEvent): void {
    event.preventDefault();
    const input = (event.target as HTMLFormElement).elements.namedItem('token') as HTMLInputElement;
    if (input.value.trim() !== '') giveToken(input.value);
  }
  return (
    <section class="token" aria-labelledby="token-title">
      <h1 id="token-title">This node shows itself to holders of its token</h1>
      <p>
        It is the content of <code>api.token</code> in the data folder of the node. It stays in this tab, and
        is gone when the tab is closed.
      </p>
      <form onSubmit={submit}>
        <label for="token">Token</label>
        <input id="token" name="token" type="password" autocomplete="off" spellcheck={false} autofocus />
        <button type="submit">Open</button>
      </form>
    </section>
  );
}
