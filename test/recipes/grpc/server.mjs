// A gRPC server without TLS on the port that is given. Prints "ready".
import { Server, ServerCredentials } from "@grpc/grpc-js"
import { greeter } from "./greet.mjs"

const server = new Server()
server.addService(greeter, { Greet: (call, reply) => reply(null, `hello ${call.request}\n`) })
server.bindAsync(`127.0.0.1:${process.argv[2]}`, ServerCredentials.createInsecure(), (error) => {
  if (error !== null) throw error
  console.log("ready")
})
