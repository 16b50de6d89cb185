// The same by http.get and https.get, with global-agent as its version 4 wants it.
import { bootstrap } from "global-agent-4"
import { getAll } from "./get.mjs"

bootstrap()
await getAll(process.argv.slice(2))
