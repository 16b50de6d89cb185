// Asks for each URL by http.get or https.get, and prints the answers.
import { getAll } from "./get.mjs"

await getAll(process.argv.slice(2))
