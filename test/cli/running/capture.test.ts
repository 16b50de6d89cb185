/** What `pillion capture` says of the answer of the proxy. */
import { expect, test } from "bun:test"

import { statusText } from "../../../src/cli/running/capture.ts"

const status = {
  capture: "off",
  keeps: false,
  following: 0,
  records: 0,
  bytes: 0,
  disk_bytes: 0,
  dropped: { memory: 0, queue: 0, disk: 0, redaction: 0, error: 0 },
  left_out: 0,
}

const text = (parts: object): string => statusText(JSON.stringify({ ...status, ...parts }))

test("nothing is captured", () => {
  expect(text({})).toBe("capture: off\nrecords: 0, 0 B of memory\ndropped: none\nleft out by filter and sample: 0\n")
})

test("records are kept in memory, also where the proxy was started without", () => {
  expect(text({ keeps: true, following: 2, records: 7, bytes: 2048, left_out: 9 })).toBe(
    "capture: on, in memory; read by 2\nrecords: 7, 2 KiB of memory\ndropped: none\nleft out by filter and sample: 9\n",
  )
})

test("records are kept in a directory, and some could not be made", () => {
  const dropped = { ...status.dropped, memory: 3, disk: 1 }
  expect(text({ capture: "/c\x1b", keeps: true, records: 1, disk_bytes: 1024 * 1024, dropped })).toBe(
    "capture: on, in /c\\u001b\nrecords: 1, 0 B of memory, 1 MiB in the directory\n" +
      "dropped: 3 (memory), 1 (disk)\nleft out by filter and sample: 0\n",
  )
})
