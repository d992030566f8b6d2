// Runs a JavaScript handler: asks Lambda's Runtime API for events, and answers.
//
// It is started by Node (16 or newer) and loads little, since everything here is paid for at each
// cold start. Nothing of it is reachable for the function but `globalThis.awslambda`, as on AWS.
//
//   handlers   CommonJS and ES modules; async, callback, context.done/succeed/fail, streaming
//   documents  errors as AWS's Node runtime gives them: errorType, errorMessage, trace
//   log        one line per entry; a line break within one is a carriage return
"use strict";

const net = require("node:net");
const path = require("node:path");
const fs = require("node:fs");
const util = require("node:util");
const { pathToFileURL } = require("node:url");

const RUNTIME = "/2018-06-01/runtime/";
const STREAMING = Symbol.for("aws.lambda.runtime.handler.streaming");
const BREAKS = /\r?\n/g;
const HEAD_END = Buffer.from("\r\n\r\n");
let requestId;

// ------------------------------------------------------------------ the Runtime API

const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");
const socket = net.connect({ host, port: Number(port), noDelay: true });
let received = [];
let wanted = null;
socket.on("data", (data) => {
  received.push(data);
  take();
});
socket.on("error", () => process.exit(0));
socket.on("close", () => process.exit(0));

function take() {
  if (wanted === null) return;
  let data = received.length === 1 ? received[0] : Buffer.concat(received);
  received = [data];
  const end = data.indexOf(HEAD_END);
  if (end < 0) return;
  const lines = data.toString("utf8", 0, end).split("\r\n");
  const headers = {};
  for (const line of lines.slice(1)) {
    const colon = line.indexOf(":");
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  const start = end + HEAD_END.length;
  const length = Number(headers["content-length"]);
  if (data.length < start + length) return;
  const body = data.toString("utf8", start, start + length);
  received = data.length > start + length ? [data.subarray(start + length)] : [];
  const answer = wanted;
  wanted = null;
  socket.unref(); // What keeps the loop alive from here on is the function's.
  answer({ headers, body });
}

function call(method, place, body, kind) {
  let head = `${method} ${RUNTIME}${place} HTTP/1.1\r\nHost: ${host}:${port}\r\n`;
  const bytes = body === undefined ? undefined : Buffer.from(body);
  if (bytes) head += `Content-Type: application/json\r\nContent-Length: ${bytes.length}\r\n`;
  if (kind) head += `Lambda-Runtime-Function-Error-Type: ${kind.replace(/[^\x21-\x7e]/g, "?")}\r\n`;
  return new Promise((resolve) => {
    wanted = resolve;
    socket.ref();
    const text = Buffer.from(head + "\r\n", "latin1");
    socket.write(bytes ? Buffer.concat([text, bytes]) : text);
  });
}

// ------------------------------------------------------------------ the log

const LEVELS = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];

function write(level, text) {
  const line = `${new Date().toISOString()}\t${requestId}\t${level}\t${text}`;
  process.stdout.write(line.replace(BREAKS, "\r") + "\n");
}

function patchConsole() {
  const least = LEVELS.indexOf((process.env.AWS_LAMBDA_LOG_LEVEL || "TRACE").toUpperCase());
  for (const [index, level] of LEVELS.entries()) {
    const silent = index < least && level !== "FATAL";
    const say = silent ? () => {} : (...given) => write(level, util.format(...given));
    console[level.toLowerCase()] = say;
  }
  console.log = console.info;
}

function logError(title, error) {
  let text;
  try {
    text = JSON.stringify(error, (_, value) => (value instanceof Error ? spread(value) : value));
  } catch {
    text = JSON.stringify(documentOf(error));
  }
  write("ERROR", `${title} \t${text}`);
}

function spread(error) {
  const stack = typeof error.stack === "string" ? error.stack.split("\n") : undefined;
  const { name: errorType, message: errorMessage, code } = error;
  return { errorType, errorMessage, code, ...error, stack };
}

// ------------------------------------------------------------------ errors

function fault(name, cause) {
  const error = new Error(cause);
  const frames = error.stack.slice(error.stack.indexOf(error.message) + error.message.length);
  const full = `Runtime.${name}`;
  const hidden = (value) => ({ value, enumerable: false, configurable: true, writable: true });
  return Object.defineProperties(error, {
    name: hidden(full),
    stack: hidden(`${full}: ${error.message}${frames}`),
  });
}

function documentOf(error) {
  try {
    const { name, message, stack } = Object(error);
    const like = [name, message, stack].every((part) => typeof part === "string" && part);
    if (util.types.isNativeError(error) || like)
      return { errorType: name, errorMessage: message, trace: String(stack).split("\n") };
    return { errorType: typeof error, errorMessage: error.toString(), trace: [] };
  } catch {
    const errorMessage =
      "callback called with Error argument, but there was a problem while retrieving one or more " +
      "of its message, name, and stack";
    return { errorType: "handled", errorMessage };
  }
}

async function reportError(title, place, error) {
  const document = documentOf(error);
  logError(title, error);
  await call("POST", place, JSON.stringify(document), String(document.errorType));
}

function onFatal(place) {
  const end = (title, error, code) => {
    onLoopEmpty = null;
    reportError(title, place(), error).then(() => process.exit(code));
  };
  process.on("uncaughtException", (error) => end("Uncaught Exception", error, 129));
  process.on("unhandledRejection", (reason, promise) => {
    const error = fault("UnhandledPromiseRejection", reason);
    Object.assign(error, { reason, promise });
    end("Unhandled Promise Rejection", error, 128);
  });
}

// ------------------------------------------------------------------ the handler

async function loadHandler(root, name) {
  if (name.includes("..")) {
    const words = "is not a valid handler name. Use absolute paths when specifying root directories";
    throw fault("MalformedHandlerName", `'${name}' ${words} in handler names.`);
  }
  const base = path.basename(name);
  const dot = base.indexOf(".");
  if (dot < 0) throw fault("MalformedHandlerName", "Bad handler");
  const folder = name.slice(0, name.length - base.length);
  const exported = await loadModule(root, folder, base.slice(0, dot));
  const members = base.slice(dot + 1).split(".");
  const handler = members.reduce((value, member) => value && value[member], exported);
  if (!handler) throw fault("HandlerNotFound", `${name} is undefined or not exported`);
  if (typeof handler !== "function") throw fault("HandlerNotFound", `${name} is not a function`);
  return handler;
}

async function loadModule(root, folder, name) {
  const file = path.resolve(root, folder, name);
  try {
    if (isFile(file)) return require(file);
    if (isFile(file + ".js"))
      return isModuleFolder(path.dirname(file)) ? await load(file + ".js") : require(file + ".js");
    if (isFile(file + ".mjs")) return await load(file + ".mjs");
    if (isFile(file + ".cjs")) return require(file + ".cjs");
    return require(require.resolve(name, { paths: [root, path.join(root, folder)] }));
  } catch (error) {
    if (error instanceof SyntaxError) throw fault("UserCodeSyntaxError", error);
    if (error && error.code === "MODULE_NOT_FOUND") throw fault("ImportModuleError", error);
    throw error;
  }
}

function load(file) {
  if (process.env.NODE_PATH) registerNodePath();
  return import(pathToFileURL(file).href);
}

function registerNodePath() {
  const { register } = require("node:module");
  if (register) register(pathToFileURL(path.join(__dirname, "node_path.mjs")).href);
}

const isFile = (file) => fs.statSync(file, { throwIfNoEntry: false })?.isFile() ?? false;

function isModuleFolder(folder) {
  for (let at = folder; ; at = path.dirname(at)) {
    if (at.endsWith(`${path.sep}node_modules`)) return false;
    try {
      return JSON.parse(fs.readFileSync(path.join(at, "package.json"), "utf8")).type === "module";
    } catch (error) {
      if (error.code !== "ENOENT" && error.code !== "ENOTDIR") return false;
    }
    if (at === path.dirname(at)) return false;
  }
}

// ------------------------------------------------------------------ one invocation

let onLoopEmpty = null;
process.on("beforeExit", () => {
  const act = onLoopEmpty;
  onLoopEmpty = null;
  if (act) act();
});

function makeContext(headers, finish) {
  const deadline = Number(headers["lambda-runtime-deadline-ms"]);
  const parsed = (text) => (text ? JSON.parse(text) : undefined);
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: parsed(headers["lambda-runtime-client-context"]),
    identity: parsed(headers["lambda-runtime-cognito-identity"]),
    invokedFunctionArn: headers["lambda-runtime-invoked-function-arn"],
    awsRequestId: headers["lambda-runtime-aws-request-id"],
    getRemainingTimeInMillis: () => deadline - Date.now(),
    succeed: (result) => finish(null, result, true),
    fail: (error) => finish(error ?? "handled", undefined, true),
    done: (error, result) => finish(error, result, true),
  };
}

// What an invocation ends with, once: {error} or {body}.
function run(handler, headers, body) {
  return new Promise((resolve) => {
    let finished = false;
    const answer = (error, result) => {
      onLoopEmpty = null;
      if (error !== undefined && error !== null) return resolve({ error });
      try {
        resolve({ body: JSON.stringify(result === undefined ? null : result) ?? "null" });
      } catch {
        resolve({ error: new Error("Unable to stringify response body") });
      }
    };
    const finish = (error, result, now) => {
      if (finished) return;
      finished = true;
      const waits = context.callbackWaitsForEmptyEventLoop && (error ?? null) === null;
      if (now || !waits) answer(error, result);
      else onLoopEmpty = () => setImmediate(answer, null, result);
    };
    onLoopEmpty = () => answer(null, null);
    let context;
    try {
      context = makeContext(headers, finish);
      const event = JSON.parse(body);
      if (handler[STREAMING]) return runStreaming(handler, event, context, resolve);
      const result = handler(event, context, (error, value) => finish(error, value, false));
      if (typeof result?.then === "function") result.then(context.succeed, context.fail);
    } catch (error) {
      answer(error);
    }
  });
}

// A streaming handler's bytes are collected: the caller gets them at once.
function runStreaming(handler, event, context, resolve) {
  const { PassThrough } = require("node:stream");
  const stream = new PassThrough();
  const parts = [];
  stream.setContentType = () => {};
  stream.on("data", (part) => parts.push(part));
  stream.on("end", () => resolve({ body: Buffer.concat(parts) }));
  stream.on("error", (error) => resolve({ error }));
  Promise.resolve(handler(event, stream, context)).catch((error) => resolve({ error }));
}

globalThis.awslambda = {
  streamifyResponse: (handler) => Object.assign(handler, { [STREAMING]: "response" }),
  HttpResponseStream: {
    from: (stream, prelude) => {
      stream.write(JSON.stringify(prelude));
      stream.write(Buffer.alloc(8));
      return stream;
    },
  },
};

// ------------------------------------------------------------------ the loop

function prepare() {
  patchConsole();
  for (const name of (process.env._STEPWELL_REQUIRE || "").split(path.delimiter))
    if (name) require(name);
  for (const name of Object.keys(process.env))
    if (name.startsWith("_STEPWELL_")) delete process.env[name];
}

async function main() {
  let handler;
  onFatal(() => (requestId ? `invocation/${requestId}/error` : "init/error"));
  try {
    prepare();
    handler = await loadHandler(process.env.LAMBDA_TASK_ROOT, process.env._HANDLER);
  } catch (error) {
    await reportError("Uncaught Exception", "init/error", error);
    process.exit(129);
  }
  for (;;) {
    const { headers, body } = await call("GET", "invocation/next");
    requestId = headers["lambda-runtime-aws-request-id"];
    const trace = headers["lambda-runtime-trace-id"];
    if (trace) process.env._X_AMZN_TRACE_ID = trace;
    else delete process.env._X_AMZN_TRACE_ID;
    const ended = await run(handler, headers, body);
    if ("error" in ended)
      await reportError("Invoke Error", `invocation/${requestId}/error`, ended.error);
    else await call("POST", `invocation/${requestId}/response`, ended.body);
    await new Promise(setImmediate);
  }
}

main();
