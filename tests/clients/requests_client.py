"""requests, as most programs in Python use it: one session, so connections are kept."""

import requests

from tests.clients.calls import Call, answer_calls, headers_of, options_of


def main() -> None:
    with requests.Session() as session:

        def send(call: Call) -> tuple[int, str]:
            body = {"data": call["body"].encode()} if call["form"] == "raw" else options_of(call)
            answer = session.request(call["method"], call["url"], headers=headers_of(call), timeout=30, **body)
            return answer.status_code, answer.text

        answer_calls(send)


if __name__ == "__main__":
    main()
