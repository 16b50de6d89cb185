// Asks for each URL by the fetch that is built in, and prints the answers.
for (const url of process.argv.slice(2)) {
  const answer = await fetch(url)
  process.stdout.write(await answer.text())
}
