// Answers to custom resources, beside the inline code of a Node.js function.
//
//     const response = require("cfn-response");
//     exports.handler = (event, context) =>
//       response.send(event, context, response.SUCCESS, { Name: "value" });
//
// Runs inside the function, on any Node.js that functions run on. The answer is out when
// context.done is called, and when the promise that send gives is fulfilled.

const http = require("http");
const https = require("https");

exports.SUCCESS = "SUCCESS";
exports.FAILED = "FAILED";

exports.send = function (event, context, status, data, physicalResourceId, noEcho, reason) {
  const body = JSON.stringify({
    Status: status,
    Reason: reason || "See the details in CloudWatch Log Stream: " + context.logStreamName,
    PhysicalResourceId: physicalResourceId || context.logStreamName,
    StackId: event.StackId,
    RequestId: event.RequestId,
    LogicalResourceId: event.LogicalResourceId,
    NoEcho: noEcho || false,
    Data: data,
  });
  return put(event.ResponseURL, body).then(
    (told) => console.log("Status code: " + told),
    (error) => console.log("send(..) failed executing http.request(..): " + error),
  ).then(() => {
    if (typeof context.done === "function") context.done();
  });
};

function put(address, body) {
  const url = new URL(address);
  const client = url.protocol === "http:" ? http : https;
  // Without a type of its content: the address is signed for none.
  const headers = { "Content-Type": "", "Content-Length": Buffer.byteLength(body) };
  return new Promise((resolve, reject) => {
    const request = client.request(url, { method: "PUT", headers }, (answer) => {
      answer.resume();
      answer.on("end", () => resolve(answer.statusCode));
    });
    request.on("error", reject);
    request.end(body);
  });
}
