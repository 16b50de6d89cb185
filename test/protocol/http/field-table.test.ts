import { describe, expect, test } from "bun:test"

import { Field, fieldTable, hopByHop, neverListed, noTrailers } from "../../../src/protocol/http/field-table.ts"

const names = (which: (row: (typeof fieldTable)[number]) => boolean): ReadonlyArray<string> =>
  fieldTable.filter(which).map(({ name }) => name)

describe("the field table", () => {
  test("has each name once, in lower case, and each id but `other` once", () => {
    expect(names((row) => row.name !== row.name.toLowerCase())).toEqual([])
    expect(new Set(names(() => true)).size).toBe(fieldTable.length)
    const ids = fieldTable.map(({ id }) => id).filter((id) => id !== Field.other)
    expect(ids.toSorted((a, b) => a - b)).toEqual(Object.values(Field).filter((id) => id !== Field.other))
  })

  test("leaves out by id what is hop-by-hop, so every such field has one, and no end-to-end field is", () => {
    expect(names((row) => row.hopByHop && (row.id === Field.other || !row.mayBeListed))).toEqual([])
    for (const { id, hopByHop: expected } of fieldTable) {
      if (id !== Field.other) expect(hopByHop[id]).toBe(expected ? 1 : 0)
    }
    expect(hopByHop[Field.other]).toBe(0)
  })

  test("lets nothing that frames or routes a message be a trailer, or be removed by Connection", () => {
    for (const name of ["host", "content-length", "transfer-encoding", "via", "trailer"]) {
      expect([noTrailers.has(name), neverListed.has(name)]).toEqual([true, true])
    }
  })

  test("has no row that says nothing", () => {
    const { other } = Field
    expect(names((row) => row.id === other && !row.hopByHop && row.mayBeTrailer && row.mayBeListed)).toEqual([])
  })
})
