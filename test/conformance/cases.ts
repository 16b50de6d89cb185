/**
 * Cases: all of them by title, for the tests and for `bun run conformance`.
 */
import { connectCases } from "./cases-connect.ts"
import { answerCases } from "./cases-http-answers.ts"
import { bodyCases } from "./cases-http-bodies.ts"
import { cutCases } from "./cases-http-cuts.ts"
import { headCases } from "./cases-http-heads.ts"
import { lenientCases } from "./cases-http-lenient.ts"
import { limitCases } from "./cases-http-limits.ts"
import { headRefusals } from "./cases-http-refusals.ts"
import { usedCases } from "./cases-http-used.ts"
import { socksCases } from "./cases-socks.ts"
import type { Case } from "./runner.ts"

export interface Group {
  readonly title: string
  readonly cases: ReadonlyArray<Case>
}

export const httpGroups: ReadonlyArray<Group> = [
  { title: "HTTP heads", cases: headCases },
  { title: "HTTP heads that are refused", cases: headRefusals },
  { title: "HTTP bodies", cases: bodyCases },
  { title: "HTTP answers", cases: answerCases },
  { title: "HTTP messages that are cut", cases: cutCases },
  { title: "HTTP as others write it", cases: lenientCases },
  { title: "HTTP on used connections", cases: usedCases },
  { title: "HTTP limits and destinations", cases: limitCases },
  { title: "CONNECT", cases: connectCases },
]

export const groups: ReadonlyArray<Group> = [...httpGroups, { title: "SOCKS", cases: socksCases }]
