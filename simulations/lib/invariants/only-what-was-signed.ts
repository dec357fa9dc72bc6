/** No resolve returns a record that its agent's author did not make. */
import { bytesToHex } from '../../../src/core/bytes.ts';
import { createViolations, type Invariant } from './invariant.ts';

export function onlyWhatWasSigned(): Invariant {
  const authored = new Set<string>();
  const violations = createViolations();
  return {
    name: 'no resolve returns what nobody signed',
    authored({ state }) {
      if (state.addr !== null) authored.add(bytesToHex(state.addr.bytes));
    },
    resolved({ index }, { state, status }) {
      if (state?.addr == null || authored.has(bytesToHex(state.addr.bytes))) return;
      violations.add(`node ${index} resolves a record that nobody made, as ${status}`);
    },
    violations: violations.all,
  };
}
