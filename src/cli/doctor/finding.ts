/** What a check of the doctor says. */

export type CheckStatus = 'ok' | 'warning' | 'problem' | 'skipped';

export interface Finding {
  readonly name: string;
  readonly status: CheckStatus;
  readonly detail: string;
  /** What to do about it; null when there is nothing to do. */
  readonly hint: string | null;
}

export function ok(name: string, detail: string): Finding {
  return { name, status: 'ok', detail, hint: null };
}

/** It works, but may not for long, or not as meant. */
export function warning(name: string, detail: string, hint: string): Finding {
  return { name, status: 'warning', detail, hint };
}

/** It does not work. */
export function problem(name: string, detail: string, hint: string): Finding {
  return { name, status: 'problem', detail, hint };
}

/** Not looked at, and why. */
export function skipped(name: string, reason: string, hint: string | null = null): Finding {
  return { name, status: 'skipped', detail: reason, hint };
}
