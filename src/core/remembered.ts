/**
 * Pure functions of values that never change, computed once where thousands of peers share a process: in a simulation
 * all of them meet the same few bytes. A node meets most bytes once, so it remembers nothing, and pays one comparison.
 */

let isOn = false;

/** From now on, for the whole process. */
export function rememberResults(): void {
  isOn = true;
}

/** Whether whoever bounds what it remembers may remember everything. */
export function remembersResults(): boolean {
  return isOn;
}

/** Results of one key that are remembered beside one another, of different other arguments. */
const variantsMax = 4;

interface Variant<Rest, Value> {
  readonly rest: Rest;
  readonly value: Value;
}

/**
 * The same function, remembered by the identity of its first argument, and of the others for the latest few. Whoever
 * remembers gets the very same value again, which nobody may change; what was thrown is not remembered.
 */
export function remembered<Key extends object, Rest extends readonly unknown[], Value>(
  compute: (key: Key, ...rest: Rest) => Value,
): (key: Key, ...rest: Rest) => Value {
  const variantsByKey = new WeakMap<Key, Variant<Rest, Value>[]>();
  if (compute.length === 1) return rememberedAlone(compute as never) as never;
  return (key, ...rest) => {
    if (!isOn) return compute(key, ...rest);
    const variants = variantsByKey.get(key) ?? [];
    for (const variant of variants) if (isSame(variant.rest, rest)) return variant.value;
    const value = compute(key, ...rest);
    if (variants.length === 0) variantsByKey.set(key, variants);
    variants.unshift({ rest, value });
    if (variants.length > variantsMax) variants.pop();
    return value;
  };
}

function rememberedAlone<Key extends object, Value>(compute: (key: Key) => Value): (key: Key) => Value {
  const valueByKey = new WeakMap<Key, { readonly value: Value }>();
  return (key) => {
    if (!isOn) return compute(key);
    let known = valueByKey.get(key);
    if (known === undefined) {
      known = { value: compute(key) };
      valueByKey.set(key, known);
    }
    return known.value;
  };
}

function isSame(left: readonly unknown[], right: readonly unknown[]): boolean {
  for (let index = 0; index < right.length; index++) if (left[index] !== right[index]) return false;
  return true;
}
