/** Recipes: real clients, told of the proxy as their users tell them; the rows stand in each language's folder. */
import { afterAll, beforeAll, expect, test } from "bun:test"
import { noteSkip, recipeClients } from "../support/skips.ts"
import { missing, ready, versionOf } from "./ready.ts"
import { type Line, tell } from "./report.ts"
import type { Row } from "./row.ts"
import { rows } from "./rows.ts"
import { run } from "./run.ts"
import { faults, shownBy } from "./verdict.ts"
import { makeWorld, type World, worldMissing } from "./world.ts"

/** What this machine has not, of what the row needs. */
const lacks = ({ client }: Row): string | undefined => worldMissing ?? missing(client)

/** In CI a client that is missing is a failure; for a person it is a skip that can be seen. */
const skipped = (row: Row): boolean => lacks(row) !== undefined && process.env["CI"] !== "true"

let world: (World & AsyncDisposable) | undefined

beforeAll(async () => {
  if (!rows.every(skipped)) world = await makeWorld()
}, 60_000)

afterAll(async () => {
  await world?.[Symbol.asyncDispose]()
}, 60_000)

const lineOf = ({ client, scheme }: Row): Pick<Line, "client" | "scheme"> => ({ client: client.name, scheme })

/** Longer than Go's first compilation and the slowest client may take together. */
const rowMilliseconds = 240_000

for (const row of rows.filter(skipped)) {
  noteSkip(worldMissing ?? recipeClients)
  await tell({ ...lineOf(row), version: "-", said: `there is no ${lacks(row)} here`, saw: "", result: "skip" })
  test.skip(`${row.client.name}, ${row.scheme} (there is no ${lacks(row)} here)`, () => {})
}

for (const row of rows.filter((row) => !skipped(row))) {
  test(
    `${row.client.name}, ${row.scheme}`,
    async () => {
      if (lacks(row) !== undefined) {
        await tell({ ...lineOf(row), version: "-", said: `there is no ${lacks(row)} here`, saw: "", result: "FAIL" })
        throw new Error(`there is no ${lacks(row)} here; in CI all clients must be`)
      }
      if (world === undefined) throw new Error("the world was not made")
      await ready(world, row.client)
      const outcome = await run(world, row)
      const found = faults(row, outcome)
      await tell({
        ...lineOf(row),
        version: await versionOf(row.client),
        said: shownBy(row, outcome),
        saw: [...new Set(outcome.seen.map(({ text }) => text))].join("\n"),
        result: found.length === 0 ? "pass" : "FAIL",
      })
      expect(found).toEqual([])
    },
    rowMilliseconds,
  )
}
