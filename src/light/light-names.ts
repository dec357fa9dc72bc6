/** Names as an embedding program asks for them: what resolves one is loaded with the first. */

import type { LightNode } from './light-types.ts';
import type { NameEngineParts } from './name-engine.ts';

export function createLightNames(parts: NameEngineParts): LightNode['resolveName'] {
  let resolveName: LightNode['resolveName'] | null = null;
  return async (name, options) => {
    const { createNameEngine } = await import('./name-engine.ts');
    resolveName ??= createNameEngine(parts);
    return resolveName(name, options);
  };
}
