// Asks for each URL by undici's fetch through its EnvHttpProxyAgent, and prints the answers.
import { EnvHttpProxyAgent, fetch, setGlobalDispatcher } from "undici"

setGlobalDispatcher(new EnvHttpProxyAgent())
for (const url of process.argv.slice(2)) {
  const answer = await fetch(url)
  process.stdout.write(await answer.text())
}
