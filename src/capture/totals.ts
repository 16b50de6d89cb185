/** Totals: what became of all that a capture heard, when it is over. */
export interface CaptureTotals {
  /** Records that were made, by their kind. */
  readonly records: Readonly<Record<string, number>>
  /** Records that were not made or not kept, by reason. */
  readonly dropped: Readonly<Record<string, number>>
  /** Records that were not wanted, by reason. */
  readonly leftOut: Readonly<Record<string, number>>
  /** Records of which a part was cut, by the part. */
  readonly truncated: Readonly<Record<string, number>>
  /** Values that were replaced, by the rule. */
  readonly redactions: Readonly<Record<string, number>>
}
