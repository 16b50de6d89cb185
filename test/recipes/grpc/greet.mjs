// The service of this folder, without a .proto file: one method, text in, text out.
const utf8 = (text) => Buffer.from(text, "utf8")
const text = (bytes) => bytes.toString("utf8")

/** As @grpc/grpc-js takes a service. */
export const greeter = {
  Greet: {
    path: "/test.Greeter/Greet",
    requestStream: false,
    responseStream: false,
    requestSerialize: utf8,
    requestDeserialize: text,
    responseSerialize: utf8,
    responseDeserialize: text,
  },
}
