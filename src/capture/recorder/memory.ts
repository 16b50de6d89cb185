/**
 * Memory: how many bytes a capture may hold, of records that are under way and of those that are kept, added up. Asked
 * before anything is held; what is refused is never waited for.
 */
export class Memory {
  /** Bytes that are held. */
  used = 0
  private readonly max: () => number
  /** Lets go of the oldest of what is kept; false when nothing is left. */
  private readonly reclaim: () => boolean

  constructor(max: () => number, reclaim: () => boolean) {
    this.max = max
    this.reclaim = reclaim
  }

  /** Takes `bytes`, if need be from what was kept longest; false when there is not so much, and nothing was taken. */
  reserve(bytes: number): boolean {
    const max = this.max()
    if (bytes > max) return false
    while (this.used + bytes > max) if (!this.reclaim()) return false
    this.used += bytes
    return true
  }

  /** Gives `bytes` back that were taken. */
  release(bytes: number): void {
    this.used -= bytes
  }
}
