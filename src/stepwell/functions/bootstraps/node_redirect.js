// Leads requests home that would go to AWS: version 2 of the AWS SDK for JavaScript knows no
// AWS_ENDPOINT_URL, and answers to custom resources are taken for TLS whatever their address says.
//
//   packages  when `aws-sdk` is loaded, in whatever way, its global configuration gets the endpoint;
//             an endpoint that the function gives to a service itself stays
//   bundles   where the SDK's code lies in one file with the function's, its requests to
//             amazonaws.com are led home by their user agent, signature and Host as they were
//   answers   the ways in which functions answer a stack take the host and the path of ResponseURL
//             and put them to port 443: such a PUT to home's own name goes to home's port
//   prefixes  version 3 writes some before the host's name (sync-localhost, bucket.localhost): all
//             these are home's names, though few machines resolve them
"use strict";

const Module = require("node:module");

const home = process.env.AWS_ENDPOINT_URL;
const LOADER = /[\\/]aws-sdk[\\/]lib[\\/]node_loader\.js$/;
const AGENT = /\baws-sdk-nodejs\/2\./;
const AWS_HOST = /(^|\.)amazonaws\.com(\.cn)?$/;

function redirectPackage() {
  const load = Module._extensions[".js"];
  Module._extensions[".js"] = function (module, filename) {
    load.call(this, module, filename);
    if (LOADER.test(filename)) configure(module.exports);
  };
}

function configure(sdk) {
  process.env.AWS_SDK_JS_SUPPRESS_MAINTENANCE_MODE_MESSAGE ??= "1";
  sdk.config.update({ endpoint: home, s3ForcePathStyle: true, hostPrefixEnabled: false });
}

function redirectRequests() {
  const http = require("node:http");
  const https = require("node:https");
  const { hostname, port } = new URL(home);
  const request = https.request;
  https.request = function (options, ...rest) {
    const bundled = isBundled(options);
    if (!bundled && !isAnswer(options, hostname)) return request.call(https, options, ...rest);
    const changed = { ...options, protocol: "http:", host: hostname, hostname, port };
    const headers = options.headers ?? {};
    if (bundled) changed.headers = { ...headers, Host: headers.Host ?? options.host };
    delete changed.agent;
    return http.request(changed, ...rest);
  };
}

function isBundled(options) {
  const headers = options?.headers ?? {};
  const agent = headers["User-Agent"] ?? headers["X-Amz-User-Agent"] ?? "";
  return AGENT.test(agent) && AWS_HOST.test(options.host ?? options.hostname ?? "");
}

function isAnswer(options, hostname) {
  return (
    options?.method === "PUT" &&
    (options.hostname ?? options.host) === hostname &&
    Number(options.port ?? 443) === 443
  );
}

function redirectPrefixes() {
  const dns = require("node:dns");
  const lookup = dns.lookup;
  const atHome = /^sync-localhost$|\.localhost$/;
  dns.lookup = (name, ...rest) => lookup(atHome.test(name) ? "localhost" : name, ...rest);
}

if (home) {
  redirectPackage();
  redirectPrefixes();
  // Loading HTTP costs a cold start some milliseconds: only who loads it needs it.
  const builtin = Module._load;
  Module._load = function (name, ...rest) {
    if (name === "https" || name === "node:https") {
      Module._load = builtin;
      redirectRequests();
    }
    return builtin.call(this, name, ...rest);
  };
}
