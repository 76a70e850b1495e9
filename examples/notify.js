// Tells a customer about an order by merpati's own API, once: run again for the same order, nothing is sent twice.
//
//     GATEWAY_URL=http://127.0.0.1:8080 GATEWAY_KEY=mk_… DEVICE=1 node examples/notify.js A-1042 081234567890 'Pesanan dikirim'
//
// Needs Node 18+, and a key with the scopes messages:send and messages:read. Prints the message's id and state.

const [order, target, text] = process.argv.slice(2)
const base = (process.env.GATEWAY_URL || "http://127.0.0.1:8080") + "/api/v1"
const TRIES = 5

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

/** The answer's JSON. A lost connection, a busy server and "too many calls" are tried again, with the same key. */
async function call(method, path, body, key) {
  for (let attempt = 1; ; attempt++) {
    let response
    try {
      response = await fetch(base + path, {
        method,
        headers: {
          Authorization: `Bearer ${process.env.GATEWAY_KEY}`,
          ...(body && { "Content-Type": "application/json" }),
          ...(key && { "Idempotency-Key": key }),
        },
        body: body && JSON.stringify(body),
        signal: AbortSignal.timeout(30_000),
      })
    } catch (fault) {
      if (attempt === TRIES) throw fault
    }
    if (response && response.status !== 429 && response.status < 500) {
      const answer = await response.json()
      if (!response.ok) throw new Error(`${answer.code}: ${answer.detail}`)
      return answer
    }
    if (attempt === TRIES) throw new Error(`HTTP ${response.status}`)
    const asked = Number(response?.headers.get("retry-after"))
    await sleep(asked ? asked * 1000 : 2 ** attempt * 100)
  }
}

async function main() {
  const message = { device: Number(process.env.DEVICE), targets: target, text }
  const sent = await call("POST", "/messages", message, `order-${order}`)
  const [{ id }] = sent.items
  const now = await call("GET", `/messages/${id}`)
  console.log(JSON.stringify({ id, state: now.state }))
}

main().catch((fault) => {
  console.error(fault.message)
  process.exitCode = 1
})
