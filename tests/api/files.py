"""A web server that tests fetch attachments from."""

from aiohttp import web

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)
CONTENT = {
    "image": PNG,
    "video": b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + b"\0" * 32,
    "audio": b"ID3\x04\0\0\0\0\0\0" + b"\xff\xfb\x90\0" * 4,
    "document": b"%PDF-1.7 the price of everything\n",
}
"""How a file of each kind begins."""


class FileServer:
    """A web server whose `/picture.png` answers as told; its address is what `async with` gives."""

    def __init__(self, handler: object) -> None:
        self.app = web.Application()
        self.app.router.add_get("/{name}", handler)  # type: ignore[arg-type]  # a handler of any shape
        self.runner = web.AppRunner(self.app)

    async def __aenter__(self) -> str:
        await self.runner.setup()
        site = web.TCPSite(self.runner, "127.0.0.1", 0)
        await site.start()
        host, port = self.runner.addresses[0][:2]
        return f"http://{host}:{port}/picture.png"

    async def __aexit__(self, *_error: object) -> None:
        await self.runner.cleanup()


async def picture(_request: web.Request) -> web.Response:
    return web.Response(body=PNG)
