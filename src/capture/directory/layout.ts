/**
 * Layout: what the files of a capture directory are called. A name that is not listed here is none of ours: it is neither
 * read nor deleted.
 */

export const manifestName = "capture.json"
export const ignoreName = ".gitignore"
export const keyName = ".key"
export const lockName = ".lock"

/** A name that a file has until all of it is there; left over where a process was killed. */
export const partSuffix = ".part"

const closedSuffix = ".zst"

/** A file of records, one a line. Closed ones are compressed. */
export interface SegmentFile {
  /** Its number, from 1; a later segment has a higher one. */
  readonly number: number
  readonly isClosed: boolean
}

/** `000002.jsonl`, or `000002.jsonl.zst` where it is closed. */
export const segmentName = ({ number, isClosed }: SegmentFile): string =>
  `${String(number).padStart(6, "0")}.jsonl${isClosed ? closedSuffix : ""}`

/** The segment that a file of this name is; undefined where it is none. */
export const segmentOf = (name: string): SegmentFile | undefined => {
  const [, digits, closed] = /^(\d{6,12})\.jsonl(\.zst)?$/.exec(name) ?? []
  if (digits === undefined || Number(digits) === 0) return undefined
  const found = { number: Number(digits), isClosed: closed !== undefined }
  return segmentName(found) === name ? found : undefined
}

/** The files of one segment: its name, and what else it may be left with where a process was killed while it closed it. */
export interface Segment extends SegmentFile {
  readonly name: string
  /** The uncompressed file beside the one that is whole and compressed: to be deleted, not to be read. */
  readonly remnant?: string
}

/** The segments among the names of a directory, the oldest first. */
export const segmentsOf = (names: ReadonlyArray<string>): ReadonlyArray<Segment> => {
  const found = new Map<number, Segment>()
  for (const name of names) {
    const file = segmentOf(name)
    if (file === undefined) continue
    const other = found.get(file.number)
    if (other === undefined) found.set(file.number, { ...file, name })
    else if (other.isClosed) found.set(file.number, { ...other, remnant: name })
    else found.set(file.number, { ...file, name, remnant: other.name })
  }
  return [...found.values()].toSorted((a, b) => a.number - b.number)
}

const maxHost = 64

/** The directory, below one that another process has, of the process `pid` on `host`. */
export const processFolder = (host: string, pid: number): string => {
  const safe = host.replaceAll(/[^A-Za-z0-9.-]/g, "-").replace(/^[.-]+/, "")
  return `${safe.slice(0, maxHost) || "host"}-${pid}`
}

/** Whether it may be such a directory. */
export const isProcessFolder = (name: string): boolean => /^[A-Za-z0-9][A-Za-z0-9.-]{0,63}-\d+$/.test(name)
