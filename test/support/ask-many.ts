/**
 * Ask-many: a crowd in a process of its own, for a network namespace: `bun ask-many.ts COUNT PROXY-PORT NAME`. Each asks
 * for a tunnel to NAME and waits. Prints "ready" when all have asked.
 */
import { asks } from "./clients.ts"
import { crowd } from "./crowd.ts"

const [count = "", port = "", name = ""] = process.argv.slice(2)
;(await crowd(Number(count), Number(port))).send(asks("connect", name, 80))
console.log("ready")
