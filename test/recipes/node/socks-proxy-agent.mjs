// Asks for each URL by http.get or https.get with the agent of socks-proxy-agent, and prints the answers.
import { SocksProxyAgent } from "socks-proxy-agent"
import { getAll } from "./get.mjs"

await getAll(process.argv.slice(2), new SocksProxyAgent(process.env.all_proxy))
