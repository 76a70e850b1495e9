// Fonnte's sample for sending with fetch and FormData, with the base URL and the token taken from the environment.
//
//     GATEWAY_URL=http://127.0.0.1:8080 GATEWAY_TOKEN=… node examples/send.js 081234567890 'kirim dari js'
//
// Needs Node 18+. In a browser the same code works, but shows the token to everybody who looks.

(async () => {
  const [target = "081234567890", message = "kirim dari js"] = process.argv.slice(2)
  const data = new FormData()
  data.append("target", target)
  data.append("message", message)
  if (process.env.ATTACHMENT_URL) {
    data.append("url", process.env.ATTACHMENT_URL)
    data.append("filename", process.env.ATTACHMENT_NAME || "filename.pdf")
  }
  data.append("schedule", "0")
  data.append("delay", "2")
  data.append("countryCode", "62")

  const response = await fetch((process.env.GATEWAY_URL || "http://127.0.0.1:8080") + "/send", {
    method: "POST",
    mode: "cors",
    headers: new Headers({
      Authorization: process.env.GATEWAY_TOKEN || "",
    }),
    body: data,
  })
  const res = await response.json()
  console.log(JSON.stringify(res))
  process.exitCode = res.status ? 0 : 1
})()
