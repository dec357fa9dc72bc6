/** Answers what came together, together. Decides nothing. */

/** Runs every item and calls back once with all answers, in order. */
export function answerAll<Item, Answer>(
  items: readonly Item[],
  run: (item: Item, onAnswer: (answer: Answer) => void) => void,
  onAll: (answers: readonly Answer[]) => void,
): void {
  const answers: Answer[] = new Array(items.length);
  let missing = items.length;
  if (missing === 0) onAll([]);
  items.forEach((item, index) => {
    run(item, (answer) => {
      answers[index] = answer;
      if (--missing === 0) onAll(answers);
    });
  });
}
