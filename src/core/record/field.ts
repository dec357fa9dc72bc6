/** The four fields of a record (§3) and their numbers on the wire. */

/** In the order of their numbers, 0 to 3; the first three are pointers. */
export const fieldNames = ['primary', 'private', 'adaptive', 'ttl'] as const;

export type FieldName = (typeof fieldNames)[number];

/** The fields that hold a URL: primary facts, private facts, adaptive resolver. */
export const pointerFields = ['primary', 'private', 'adaptive'] as const;

export type PointerField = (typeof pointerFields)[number];

/** The number on the wire: 0 primary, 1 private, 2 adaptive, 3 ttl. */
export function fieldNumber(field: FieldName): number {
  return fieldNames.indexOf(field);
}
