/** Files of the project for suites that run in a page: `node:fs` there reads from what the bundle carries. */
import { globSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Plugin } from 'vite';

const virtualModules: readonly string[] = ['node:fs', 'node:url'];

/** Carries the files that fit the patterns; `import.meta.url` of a test says where it stands in the project. */
export function embeddedFiles(root: string, patterns: readonly string[]): Plugin {
  const paths = patterns.flatMap((pattern) => globSync(pattern, { cwd: root }));
  const textByPath = Object.fromEntries(
    paths.map((path) => [`/${path}`, readFileSync(join(root, path), 'utf8')]),
  );
  return {
    name: 'embedded-files',
    enforce: 'pre',
    resolveId: (id) => (virtualModules.includes(id) ? `\0${id}` : null),
    load(id) {
      if (id === '\0node:url') return 'export const fileURLToPath = (url) => url.pathname;';
      if (id !== '\0node:fs') return null;
      return `
        const textByPath = ${JSON.stringify(textByPath)};
        export function readFileSync(path) {
          const text = textByPath[path instanceof URL ? path.pathname : path];
          if (text === undefined) throw new Error(path + ' is not carried by this page');
          return text;
        }
        export default { readFileSync };`;
    },
    transform(code, id) {
      if (!id.startsWith(join(root, 'test'))) return null;
      const place = JSON.stringify(`file:///${relative(root, id)}`);
      return { code: code.replaceAll('import.meta.url', place), map: null };
    },
  };
}
