// A webhook receiver: keeps a table of message statuses and answers what people write, as the samples of Fonnte's
// documentation do.
//
//     PORT=9000 node examples/receiver.js
//
// Needs Node 22.13, for its built-in SQLite. Set `webhook` and `webhookstatus` (and `webhookconnect`) of a device to
// http://127.0.0.1:9000/. With GATEWAY_URL and GATEWAY_TOKEN (the device's) set it answers.
// REPORTS names the database (default: reports.db); with WEBHOOK_SECRET set (`whsec_…`) only signed calls are
// believed. What to copy into a program of your own is said in receiver.py beside this file; this does the same.

const { createHash, createHmac, timingSafeEqual } = require("node:crypto");
const { createServer } = require("node:http");
const { DatabaseSync } = require("node:sqlite");

const OLDEST_S = 300;
const REPLIES = { test: "working great!" };
const SORRY = "Sorry, I don't understand. Please use one of the following keywords:\n\nTest";

const database = new DatabaseSync(process.env.REPORTS ?? "reports.db");
database.exec(`
PRAGMA busy_timeout = 5000; PRAGMA synchronous = FULL;
CREATE TABLE IF NOT EXISTS seen (webhook_id TEXT PRIMARY KEY, at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS report (
  id INTEGER UNIQUE, device TEXT, target TEXT, message TEXT, status TEXT, state TEXT, stateid TEXT UNIQUE
);
CREATE TABLE IF NOT EXISTS device_status (device TEXT, status TEXT, reason TEXT, timestamp INTEGER);
CREATE TABLE IF NOT EXISTS incoming (device TEXT, sender TEXT, member TEXT, name TEXT, message TEXT, url TEXT);
`);
const run = (sql, ...values) => database.prepare(sql).run(...values.map((value) => value ?? null));

function isSigned(headers, body, secret) {
  const event = headers["webhook-id"] ?? "";
  const stamp = headers["webhook-timestamp"] ?? "";
  if (!/^\d+$/.test(stamp) || Math.abs(Date.now() / 1000 - Number(stamp)) > OLDEST_S) return false;
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  const signed = createHmac("sha256", key).update(`${event}.${stamp}.`).update(body).digest("base64");
  const right = Buffer.from(`v1,${signed}`);
  return (headers["webhook-signature"] ?? "")
    .split(" ")
    .map((told) => Buffer.from(told))
    .some((told) => told.length === right.length && timingSafeEqual(told, right));
}

// what to answer; nothing in a group, to a status, or when we are told of something else
function replyTo(data) {
  if (!data.sender || data.isgroup || data.sender.includes("@")) return "";
  return REPLIES[(data.message ?? "").trim().toLowerCase()] ?? SORRY;
}

// answers the sender, quoting the message. The event's id is the key: an event that comes again, because we crashed
// before it was stored, sends no second answer
async function send(data, message, event) {
  const fields = new URLSearchParams({ target: data.sender, message });
  if (data.inboxid) fields.set("inboxid", data.inboxid);
  const answer = await fetch(`${process.env.GATEWAY_URL}/send`, {
    method: "POST",
    headers: { Authorization: process.env.GATEWAY_TOKEN, "Idempotency-Key": event },
    body: fields,
    signal: AbortSignal.timeout(10_000),
  });
  if (!answer.ok) throw new Error(`the gateway answers ${answer.status}`);
  const result = await answer.json();
  if (!result.status) console.error("not sent:", result.reason);
}

// a message that came, or the three cases of Fonnte's sample, or the device's status
function store(data) {
  const { id, stateid, status, state, device } = data;
  if (data.sender !== undefined) {
    const keys = ["device", "sender", "member", "name", "message", "url"];
    run("INSERT INTO incoming VALUES (?, ?, ?, ?, ?, ?)", ...keys.map((key) => data[key] ?? ""));
    return;
  }
  // a message that another program sent is not in the table yet
  if (id !== undefined) run("INSERT OR IGNORE INTO report (id, device) VALUES (?, ?)", id, device);
  if (id !== undefined && stateid !== undefined) {
    run("UPDATE report SET status = ?, state = ?, stateid = ? WHERE id = ?", status, state, stateid, id);
  } else if (id !== undefined) {
    run("UPDATE report SET status = ? WHERE id = ?", status, id);
  } else if (stateid !== undefined) {
    run("UPDATE report SET state = ? WHERE stateid = ?", state, stateid);
  } else {
    run("INSERT INTO device_status VALUES (?, ?, ?, ?)", device, status, data.reason, data.timestamp);
  }
}

function parse(body) {
  try {
    const data = JSON.parse(body);
    return typeof data === "object" && data !== null && !Array.isArray(data) ? data : undefined;
  } catch {
    return undefined;
  }
}

async function receive(headers, body) {
  const secret = process.env.WEBHOOK_SECRET;
  if (secret && !isSigned(headers, body, secret)) return 401;
  const data = parse(body.toString());
  if (!data) return 400;
  const event = headers["webhook-id"] ?? createHash("sha256").update(body).digest("hex");
  const isKnown = database.prepare("SELECT 1 FROM seen WHERE webhook_id = ?").get(event) !== undefined;
  const reply = process.env.GATEWAY_URL && !isKnown ? replyTo(data) : "";
  try {
    if (reply) await send(data, reply, event);
  } catch {
    return 503; // it comes again
  }
  database.exec("BEGIN IMMEDIATE");
  try {
    const seen = run("INSERT OR IGNORE INTO seen (webhook_id, at) VALUES (?, unixepoch())", event);
    if (seen.changes > 0) store(data);
    database.exec("COMMIT");
  } catch (error) {
    database.exec("ROLLBACK");
    throw error;
  }
  return 200; // only now: whatever was not answered with 200 comes again
}

createServer(async (request, response) => {
  let status = 405;
  try {
    const pieces = [];
    for await (const piece of request) pieces.push(piece);
    if (request.method === "POST") status = await receive(request.headers, Buffer.concat(pieces));
  } catch (error) {
    console.error(error);
    status = 500;
  }
  response.writeHead(status).end();
}).listen(Number(process.env.PORT ?? 9000), "127.0.0.1");
