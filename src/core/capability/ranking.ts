/**
 * In which order a search shows agents (§7). Decides it from what was asked and who showed what; knows no signatures.
 * First the closer match, then what two storing peers show before what one alone does (a liar's own inventions), then
 * the searcher's own draw of the hour: nobody buys the first place.
 */
import { isUnderTag, tagDepth } from './tag.ts';

export interface Ranked {
  readonly tags: readonly string[];
  /** How many peers showed it. */
  readonly shownBy: number;
  /** Its place in the searcher's draw of the hour. */
  readonly draw: number;
}

/** 1 to 100: 100 for who announced the very tag, less for each part that the best of its tags has beyond it; 0 for none. */
export function matchScore(tags: readonly string[], asked: string): number {
  const depths = tags.filter((tag) => isUnderTag(tag, asked)).map(tagDepth);
  return depths.length === 0 ? 0 : Math.round((100 * tagDepth(asked)) / Math.min(...depths));
}

/** Negative when the left one comes first. */
export function compareRanked(left: Ranked, right: Ranked, asked: string): number {
  return (
    matchScore(right.tags, asked) - matchScore(left.tags, asked) ||
    Math.min(2, right.shownBy) - Math.min(2, left.shownBy) ||
    left.draw - right.draw
  );
}
