/**
 * The benchmark: `bun run bench [--quick] [--workloads a,b] [--rounds 7] [--seconds 3] ...`. See README.md.
 *
 * Where it may, it runs in a network and process namespace of its own: nobody else's ports or traffic are there, the
 * ephemeral port range is wide, and nothing that was started can outlive it.
 */
import { chmodSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

import { parse, usage, type Options } from "./options.ts"
import { build } from "../scripts/build.ts"
import { machine } from "./machine.ts"
import { measureRates, type Bench, type Outcome } from "./measure.ts"
import { compile, startOrigins } from "./origins.ts"
import { against, bare, floor, others, pillion, pillionQuiet, type Peer } from "./peers.ts"
import { stopAll } from "./process.ts"
import { table } from "./table.ts"
import { workloads, type Workload } from "./workloads.ts"
