/**
 * Entry filter: what a filter asks of the connections and requests that Pillion reports, ended or open.
 */
import { directions, endings, phases } from "../../flow/flow.ts"
import { protocolNames } from "../../protocol/handshake.ts"
import { refusals } from "../../protocol/refusal.ts"

import { compile, type Predicate } from "./compile.ts"
import { asksOnlyFacts, type Expression, print } from "./expression.ts"
import { parse } from "./parse.ts"
import { type FilterProblem, isProblem } from "./problem.ts"
import { Vocabulary } from "./vocabulary.ts"

/** The facts that can be asked for, by their names in the access log; of an open connection `t_total` is its age. */
export interface FilterableEntry {
  readonly direction?: string | undefined
  readonly protocol?: string | undefined
  readonly client?: string | undefined
  readonly target?: string | undefined
  readonly address?: string | undefined
  readonly sni?: string | undefined
  readonly end?: string | undefined
  readonly phase?: string | undefined
  readonly code?: string | undefined
  readonly refusal?: string | undefined
  readonly detail?: string | undefined
  readonly method?: string | undefined
  readonly authority?: string | undefined
  readonly path?: string | undefined
  readonly error?: string | undefined
  readonly trace?: string | undefined
  readonly status?: number | undefined
  readonly bytes_in?: number | undefined
  readonly bytes_out?: number | undefined
  readonly t_total?: number | undefined
  readonly flow?: number | undefined
  readonly probe?: boolean | undefined
}

/** Whether an entry is shown. */
export type Filter = Predicate<FilterableEntry>

/** A host is meant with any port where none is written. */
const sameHost = (host: string, wanted: string): boolean =>
  host === wanted || (!/:\d+$/.test(wanted) && host.replace(/:\d+$/, "") === wanted)

const vocabulary = new Vocabulary<FilterableEntry>({
  fields: {
    host: { kind: "text", get: ({ authority, target }) => authority ?? target, same: sameHost },
    address: { kind: "text", get: ({ address }) => address },
    sni: { kind: "text", get: ({ sni }) => sni },
    client: { kind: "text", get: ({ client }) => client },
    direction: { kind: "choice", get: ({ direction }) => direction, values: directions },
    protocol: { kind: "choice", get: ({ protocol }) => protocol, values: protocolNames },
    method: { kind: "choice", get: ({ method }) => method },
    path: { kind: "text", get: ({ path }) => path },
    status: { kind: "number", get: ({ status }) => status, classes: true },
    end: { kind: "choice", get: ({ end }) => end, values: endings },
    phase: { kind: "choice", get: ({ phase }) => phase, values: phases },
    refusal: { kind: "choice", get: ({ refusal }) => refusal, values: Object.keys(refusals) },
    error: { kind: "text", get: ({ error, refusal, code }) => error ?? refusal ?? code },
    trace: { kind: "text", get: ({ trace }) => trace },
    bytes: { kind: "number", get: ({ bytes_in, bytes_out }) => (bytes_in ?? 0) + (bytes_out ?? 0) },
    ms: { kind: "number", get: ({ t_total }) => t_total },
    flow: { kind: "number", get: ({ flow }) => flow },
  },
  facts: { probe: ({ probe }) => probe === true },
  texts: (entry) => [
    entry.authority,
    entry.target,
    entry.address,
    entry.sni,
    entry.client,
    entry.method,
    entry.path,
    entry.status?.toString(),
    entry.protocol,
    entry.refusal,
    entry.error,
    entry.code,
    entry.detail,
  ],
})

/** Names of the fields, for help and completions. */
export const filterFields: ReadonlyArray<string> = vocabulary.names

/** A filter, understood. */
export interface EntryFilter {
  readonly _tag: "Filter"
  readonly expression: Expression
  readonly matches: Filter
  /** What it says of every probe and of everything else; undefined where an entry must be looked at. */
  readonly byProbe: { readonly probes: boolean; readonly others: boolean } | undefined
}

/** Throws for an expression with fields that no entry has: that is a defect. */
export const compileFilter = (expression: Expression): EntryFilter => {
  const matches = compile(expression, vocabulary)
  const byProbe = asksOnlyFacts(expression)
    ? { probes: matches({ probe: true }), others: matches({ probe: false }) }
    : undefined
  return { _tag: "Filter", expression, matches, byProbe }
}

/** No text lets everything through. */
export const parseFilter = (text: string): EntryFilter | FilterProblem => {
  const parsed = parse(text, vocabulary)
  return isProblem(parsed) ? parsed : compileFilter(parsed)
}

/** The text of a filter in its own spelling; empty for the one that lets everything through. */
export const printFilter = (expression: Expression): string => print(expression, vocabulary)

/** Everything but probes. */
export const notProbe: Expression = { _tag: "Not", part: { _tag: "Fact", name: "probe" } }
