/** Scenarios by name, or from a file of the reader's. */
import { existsSync, globSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadScenario, type Scenario, ScenarioError } from './scenario.ts';

const folder = fileURLToPath(new URL('../scenarios/', import.meta.url));

export function scenarioNames(): string[] {
  return globSync('*.json', { cwd: folder })
    .map((file) => basename(file, '.json'))
    .sort();
}

/** @throws ScenarioError */
export function scenarioOf(name: string): Scenario {
  const own = `${folder}${name}.json`;
  if (existsSync(own)) return loadScenario(own);
  if (existsSync(name)) return loadScenario(name);
  throw new ScenarioError(`no scenario '${name}': one of ${scenarioNames().join(', ')}, or a file`);
}

/** @throws ScenarioError */
export function wholeNumber(flag: string, text: string, least: number): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < least || text.trim() === '')
    throw new ScenarioError(`${flag} takes a whole number, ${least} or greater`);
  return number;
}
