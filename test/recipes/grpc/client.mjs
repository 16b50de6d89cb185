// Greets by gRPC the server at the `host:port` that is given, and prints its answer.
import { credentials, makeGenericClientConstructor } from "@grpc/grpc-js"
import { greeter } from "./greet.mjs"

const Greeter = makeGenericClientConstructor(greeter, "test.Greeter")
const client = new Greeter(process.argv[2], credentials.createInsecure())
client.Greet("gRPC", { deadline: Date.now() + 20_000 }, (error, answer) => {
  client.close()
  if (error !== null) throw error
  process.stdout.write(answer)
})
