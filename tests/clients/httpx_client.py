"""httpx, used without asyncio: one client, so connections are kept."""

import httpx

from tests.clients.calls import Call, answer_calls, headers_of, options_of


def main() -> None:
    with httpx.Client(timeout=30) as client:

        def send(call: Call) -> tuple[int, str]:
            body = {"content": call["body"].encode()} if call["form"] == "raw" else options_of(call)
            answer = client.request(call["method"], call["url"], headers=headers_of(call), **body)
            return answer.status_code, answer.text

        answer_calls(send)


if __name__ == "__main__":
    main()
