// axios: n8n and many samples use it.
import axios from 'axios'
import { answerCalls, formOf, headersOf } from './calls.mjs'

const types = { urlencoded: 'application/x-www-form-urlencoded' }
const bodies = {
  multipart: formOf,
  urlencoded: (call) => call.fields,
  json: (call) => call.fields,
  raw: (call) => call.body,
  empty: () => undefined,
  query: () => undefined,
}

await answerCalls(async (call) => {
  const type = call.type ?? types[call.form]
  const answer = await axios({
    method: call.method,
    url: call.url,
    headers: { ...headersOf(call), ...(type ? { 'Content-Type': type } : {}) },
    params: call.form === 'query' ? call.fields : undefined,
    data: await bodies[call.form](call),
    // axios puts a text that is no JSON into quotes where the content type is JSON
    ...(call.form === 'raw' ? { transformRequest: (text) => text } : {}),
    responseType: 'text',
    transformResponse: (text) => text,
    validateStatus: () => true,
  })
  return [answer.status, answer.data]
})
