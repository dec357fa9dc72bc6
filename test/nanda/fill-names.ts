/** Adds names to a file until it takes no more, and some after that; prints which it was promised, and the refusals. */
import { openNameBook } from '../../src/api/nanda/name-book.ts';

const book = await openNameBook(process.argv[2]!);
const promised: string[] = [];
const refused: string[] = [];
for (let index = 0; refused.length < 5; index++) {
  const names = [`${index}-a`, `${index}-b`, `${index}-${'c'.repeat(90)}`];
  const results = await Promise.allSettled(
    names.map((name) =>
      book.set({
        name,
        agentId: `nanda:${'a'.repeat(52)}`,
        agentUrl: 'https://agents.example/bridge',
        apiUrl: null,
        alive: false,
        assignedTo: null,
        lastUpdate: '2026-11-21T09:00:00.000Z',
        capabilities: [],
        tags: [],
      }),
    ),
  );
  results.forEach((result, place) => {
    if (result.status === 'fulfilled') promised.push(names[place]!);
    else refused.push((result.reason as { code: string }).code);
  });
}
const visible = book.all().map(({ name }) => name);
if (visible.join() !== promised.join()) throw new Error('a name is visible that was not promised');
await book.close();
console.log(JSON.stringify({ promised, refused }));
