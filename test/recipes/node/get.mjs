// Asks for URLs by http.get and https.get; `agent` is for those who have one.
import http from "node:http"
import https from "node:https"

const get = (url, agent) =>
  new Promise((resolve, reject) => {
    const client = url.startsWith("https:") ? https : http
    const request = client.get(url, agent === undefined ? {} : { agent }, (response) => {
      response.pipe(process.stdout, { end: false })
      response.on("end", resolve)
      response.on("error", reject)
    })
    request.on("error", reject)
  })

/** One after another; prints the answers. */
export const getAll = async (urls, agent) => {
  for (const url of urls) await get(url, agent)
}
