/** In-process maker: makes records as the thread of a capture does, in the turns of the event loop, and writes them nowhere. */
import { makeLines, type MakingParts } from "../../src/capture/live/make-lines.ts"
import type { StartMaker } from "../../src/capture/live/maker.ts"
import type { Identified } from "../../src/capture/recorder/recorder.ts"

export const makesInProcess =
  (parts: () => MakingParts): StartMaker<Identified> =>
  (owner) => {
    let before = Promise.resolve()
    const make = async (batch: ReadonlyArray<Identified>): Promise<void> => {
      const { lines, ...made } = await makeLines(batch, parts())
      const records = made.records.map((record) => ({ ...record, isWritten: undefined }))
      owner.made({ ...made, records, lines: Buffer.concat(lines), onDisk: 0 })
    }
    return {
      make: (batch) => void (before = before.then(() => make(batch))),
      end: () => before,
    }
  }
