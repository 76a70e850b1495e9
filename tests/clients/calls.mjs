// The calls of cases.json that Node's clients make, read from stdin; what was answered goes to stdout.
import { openAsBlob, readFileSync } from 'node:fs'

export function headersOf(call) {
  return { ...call.headers, ...(call.token === '' ? {} : { [call.header]: call.token }) }
}

/** A browser's form: every value becomes a text. */
export async function formOf(call) {
  const form = new FormData()
  for (const [name, value] of Object.entries(call.fields)) form.append(name, value)
  if (call.file) form.append('file', await openAsBlob(call.file.path), call.file.name)
  return form
}

/** `send` takes a call, answers status and body. */
export async function answerCalls(send) {
  const answers = {}
  for (const call of JSON.parse(readFileSync(0, 'utf8'))) {
    const [status, body] = await send(call)
    answers[call.name] = { status, body }
  }
  process.stdout.write(JSON.stringify(answers))
}
