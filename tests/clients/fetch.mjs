// Node's own fetch, as browsers have it.
import { answerCalls, formOf, headersOf } from './calls.mjs'

function pairsOf(fields) {
  const pairs = Object.entries(fields).flatMap(([name, value]) => [value].flat().map((each) => [name, each]))
  return new URLSearchParams(pairs)
}

const bodies = {
  multipart: formOf,
  urlencoded: (call) => pairsOf(call.fields),
  json: (call) => JSON.stringify(call.fields),
  raw: (call) => call.body,
  empty: () => undefined,
  query: () => undefined,
}

await answerCalls(async (call) => {
  const type = call.type ?? (call.form === 'json' ? 'application/json' : undefined)
  const headers = { ...headersOf(call), ...(type ? { 'Content-Type': type } : {}) }
  const query = call.form === 'query' ? `?${pairsOf(call.fields)}` : ''
  const body = await bodies[call.form](call)
  const answer = await fetch(call.url + query, { method: call.method, headers, body })
  return [answer.status, await answer.text()]
})
