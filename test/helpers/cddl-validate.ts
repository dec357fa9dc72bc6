/**
 * Checks a decoded value against a rule of docs/protocol.cddl. The `cddl` package parses; this walks its syntax tree for
 * the subset that the document uses: arrays with labels and occurrences, literals, ranges, choices, names, bstr and
 * tstr with .size, uint, bool, null. Anything else in the tree is an error of the document, not a pass.
 */
import { type Assignment, type Property, type PropertyType, parse } from 'cddl';

/** By name of the rule. */
export type CddlRules = ReadonlyMap<string, Assignment>;

type ArrayRule = Extract<Assignment, { Type: 'array' }>;
type Size = readonly [min: number, max: number];

const naturals = new Set(['uint', 'bool', 'null', 'nil', 'bstr', 'bytes', 'tstr', 'text']);

/** Parses a document. @throws Error when it does not parse, names a rule twice, or refers to one that is missing. */
export function readCddl(path: string): CddlRules {
  const rules = new Map<string, Assignment>();
  for (const rule of parse(path)) {
    if (rules.has(rule.Name)) throw new Error(`${rule.Name} is defined twice`);
    rules.set(rule.Name, rule);
  }
  for (const rule of rules.values()) assertResolved(rules, rule);
  return rules;
}

/** The first difference between the value and the rule, as `place: what`, or null when it fits. */
export function cddlProblem(rules: CddlRules, name: string, value: unknown, place = name): string | null {
  const rule = rules.get(name);
  if (rule === undefined) throw new Error(`no rule ${name}`);
  if (rule.Type === 'array') return arrayProblem(rules, rule, value, place);
  if (rule.Type === 'variable') return choiceProblem(rules, rule.PropertyType, value, place);
  throw new Error(`${name}: a ${rule.Type} is outside the subset`);
}

function assertResolved(rules: CddlRules, node: unknown): void {
  if (typeof node !== 'object' || node === null) return;
  const { Type: type, Value: reference } = node as { Type?: unknown; Value?: unknown };
  if (type === 'group' && typeof reference === 'string' && !rules.has(reference)) {
    throw new Error(`there is no rule ${reference}`);
  }
  for (const child of Object.values(node)) assertResolved(rules, child);
}

function arrayProblem(rules: CddlRules, rule: ArrayRule, value: unknown, place: string): string | null {
  if (!Array.isArray(value)) return `${place}: not an array`;
  const items = value as readonly unknown[];
  let index = 0;
  for (const member of rule.Values) {
    if (Array.isArray(member)) throw new Error(`${place}: a choice of groups is outside the subset`);
    const { n: min, m: max } = member.Occurrence;
    let count = 0;
    for (; count < (max ?? Number.POSITIVE_INFINITY) && index < items.length; count++, index++) {
      const problem = memberProblem(rules, member, items[index], `${place}.${member.Name || count}`);
      if (problem === null) continue;
      if (count < min || max === 1 || index === items.length - 1 || isLast(rule, member)) return problem;
      break;
    }
    if (count < min) return `${place}: ends before ${member.Name}`;
  }
  return index < items.length ? `${place}: ${items.length} items where ${index} are allowed` : null;
}

function isLast(rule: ArrayRule, member: Property): boolean {
  return rule.Values.at(-1) === member;
}

function memberProblem(rules: CddlRules, member: Property, value: unknown, place: string): string | null {
  return choiceProblem(rules, member.Type, value, place);
}

function choiceProblem(
  rules: CddlRules,
  choice: PropertyType | readonly PropertyType[],
  value: unknown,
  place: string,
): string | null {
  const alternatives = Array.isArray(choice) ? (choice as readonly PropertyType[]) : [choice as PropertyType];
  const problems = alternatives.map((alternative) => typeProblem(rules, alternative, value, place));
  if (problems.includes(null)) return null;
  return problems.length === 1 ? problems[0]! : `${place}: fits none of (${problems.join('; ')})`;
}

function typeProblem(rules: CddlRules, type: PropertyType, value: unknown, place: string): string | null {
  if (typeof type === 'string') return naturalProblem(type, null, value, place);
  const { Type: kind } = type;
  if (kind === 'array' && 'Values' in type) return arrayProblem(rules, type, value, place);
  if (typeof kind === 'string' && naturals.has(kind)) {
    return naturalProblem(kind, sizeOf(type, place), value, place);
  }
  const literal = (type as { Value: unknown }).Value;
  if (kind === 'literal') return value === literal ? null : `${place}: not ${JSON.stringify(literal)}`;
  if (kind === 'group' && typeof literal === 'string') return cddlProblem(rules, literal, value, place);
  if (kind === 'range') {
    const [min, max] = rangeOf(literal, place);
    return isNatural(value) && value >= min && value <= max
      ? null
      : `${place}: not a whole number in ${min}..${max}`;
  }
  throw new Error(`${place}: ${JSON.stringify(kind)} is outside the subset`);
}

function naturalProblem(name: string, size: Size | null, value: unknown, place: string): string | null {
  const fits = (length: number): boolean => size === null || (length >= size[0] && length <= size[1]);
  const bound = size === null ? '' : ` of ${size[0]}..${size[1]} bytes`;
  switch (name) {
    case 'uint':
      return isNatural(value) ? null : `${place}: not a natural number`;
    case 'bool':
      return typeof value === 'boolean' ? null : `${place}: not a boolean`;
    case 'null':
    case 'nil':
      return value === null ? null : `${place}: not null`;
    case 'bstr':
    case 'bytes':
      return value instanceof Uint8Array && fits(value.length) ? null : `${place}: not a byte string${bound}`;
    case 'tstr':
    case 'text':
      return typeof value === 'string' && fits(Buffer.byteLength(value))
        ? null
        : `${place}: not a text${bound}`;
    default:
      throw new Error(`${place}: ${name} is outside the subset`);
  }
}

function isNatural(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function sizeOf(type: object, place: string): Size | null {
  const operator = (type as { Operator?: { Type: string; Value: { Type: string; Value: unknown } } })
    .Operator;
  if (operator === undefined) return null;
  if (operator.Type !== 'size') throw new Error(`${place}: .${operator.Type} is outside the subset`);
  if (operator.Value.Type === 'range') return rangeOf(operator.Value.Value, place);
  const size = operator.Value.Value;
  if (!isNatural(size)) throw new Error(`${place}: the size is not a number`);
  return [size, size];
}

function rangeOf(value: unknown, place: string): Size {
  const range = value as { Inclusive: boolean; Min: { Value: unknown }; Max: { Value: unknown } };
  if (!range.Inclusive || !isNatural(range.Min.Value) || !isNatural(range.Max.Value)) {
    throw new Error(`${place}: a range of numbers, both included, is what the subset has`);
  }
  return [range.Min.Value, range.Max.Value];
}
