/** Protobuf's wire format, by the examples of its documentation; otlp-encoding.test.ts compares whole messages. */
import { expect, test } from "bun:test"
import { ProtobufWriter } from "../../../src/observe/telemetry/protobuf-writer.ts"

const written = (write: (out: ProtobufWriter) => void, room = 64): string => {
  const out = new ProtobufWriter(room)
  write(out)
  return Buffer.from(out.finish()).toString("hex")
}

test.each([
  ["150 is two bytes", (out: ProtobufWriter) => out.number(1, 150), "089601"],
  ["0 is one", (out: ProtobufWriter) => out.number(1, 0), "0800"],
  ["a field above 15 has a tag of two", (out: ProtobufWriter) => out.number(16, 1), "800101"],
  ["the largest exact number", (out: ProtobufWriter) => out.number(1, 2 ** 53 - 1), "08ffffffffffffff0f"],
  ["-1 is ten bytes", (out: ProtobufWriter) => out.bigNumber(1, -1n), "08ffffffffffffffffff01"],
  ["a text", (out: ProtobufWriter) => out.text(2, "testing"), "120774657374696e67"],
  ["a text beyond ASCII", (out: ProtobufWriter) => out.text(2, "é"), "1202c3a9"],
  ["bytes", (out: ProtobufWriter) => out.hex(1, "00ff"), "0a0200ff"],
  ["32 bits", (out: ProtobufWriter) => out.fixed32(1, 0x301), "0d01030000"],
  ["64 bits", (out: ProtobufWriter) => out.fixed64(1, 258n), "090201000000000000"],
  ["a double", (out: ProtobufWriter) => out.double(1, 1), "09000000000000f03f"],
])("%s", (_, write, wanted) => {
  // Also where there is no room for it yet.
  for (const room of [64, 1, 0]) expect(written(write, room)).toBe(wanted)
})

const message = (out: ProtobufWriter): void => {
  out.number(2, 7)
  const end = out.written
  out.number(1, 150)
  out.close(3, end)
}

test("a message stands before what was written ahead of it, and its length before the message", () => {
  for (const room of [64, 1]) expect(written(message, room)).toBe("1a030896011007")
})
