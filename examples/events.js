// Fetches what happens in an account, and forgets nothing when it is killed: the server keeps how far it is.
//
//     GATEWAY_URL=http://127.0.0.1:8080 GATEWAY_KEY=mk_… node examples/events.js warehouse
//
// Needs Node 18+, and a key with the scope events:read. Prints a line for each event, as JSON.

const base = (process.env.GATEWAY_URL || "http://127.0.0.1:8080") + "/api/v1"
const path = `/consumers/${encodeURIComponent(process.argv[2] || "warehouse")}`

async function call(method, path, body) {
  const response = await fetch(base + path, {
    method,
    headers: {
      Authorization: `Bearer ${process.env.GATEWAY_KEY}`,
      ...(body && { "Content-Type": "application/json" }),
    },
    body: body && JSON.stringify(body),
    signal: AbortSignal.timeout(60_000),
  })
  const answer = await response.json()
  if (!response.ok) throw new Error(`${answer.code}: ${answer.detail}`)
  return answer
}

async function round() {
  const { items, upto, lost } = await call("GET", `${path}/events?limit=100&wait=25`)
  if (lost) console.error(`lost: ${lost.first} to ${lost.last}`)
  for (const event of items) console.log(JSON.stringify(event))
  // only what is done with is acknowledged: after a crash the same events come again
  if (items.length || lost) await call("POST", `${path}/ack`, { seq: upto })
}

;(async () => {
  for (;;) {
    try {
      await round()
    } catch (fault) {
      console.error(fault.message)
      await new Promise((resolve) => setTimeout(resolve, 1000))
    }
  }
})()
