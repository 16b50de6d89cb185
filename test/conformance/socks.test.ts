/** Conformance: SOCKS, as the cases have it. */
import { socksCases } from "./cases-socks.ts"
import { suite } from "./suite.ts"

suite("SOCKS", socksCases)
