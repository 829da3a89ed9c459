"""Connects twice with a library, named first, to a URL. What it is for, ../cookies.ts says."""
import asyncio
import sys

name, url, *cookie = sys.argv[1:]
headers = {'Cookie': cookie[0]} if cookie else {}


async def aiohttp(unsafe):
    import aiohttp
    jar = aiohttp.CookieJar(unsafe=unsafe)
    async with aiohttp.ClientSession(cookie_jar=jar) as session:
        for _ in range(2):
            async with session.ws_connect(url, headers=headers):
                pass


def httpx_ws():
    import httpx
    from httpx_ws import connect_ws
    with httpx.Client() as client:
        for _ in range(2):
            with connect_ws(url.replace('ws:', 'http:'), client, headers=headers):
                pass


def curl_cffi():
    from curl_cffi import Session
    with Session() as session:
        for _ in range(2):
            session.ws_connect(url, headers=headers).close()


def websocket_client():
    import websocket
    for _ in range(2):
        websocket.create_connection(url, cookie=cookie[0] if cookie else None).close()


async def websockets():
    from websockets.asyncio.client import connect
    for _ in range(2):
        async with connect(url, additional_headers=headers):
            pass


async def tornado():
    from tornado.httpclient import HTTPRequest
    from tornado.websocket import websocket_connect
    for _ in range(2):
        (await websocket_connect(HTTPRequest(url, headers=headers))).close()


async def autobahn():
    import txaio
    txaio.use_asyncio()
    from autobahn.asyncio.websocket import WebSocketClientFactory, WebSocketClientProtocol
    from autobahn.websocket.util import parse_url
    loop = asyncio.get_running_loop()
    txaio.config.loop = loop
    _, host, port, *_ = parse_url(url)
    for _ in range(2):
        opened = loop.create_future()
        factory = WebSocketClientFactory(url, headers=headers)
        factory.protocol = type('Protocol', (WebSocketClientProtocol,), {'onOpen': lambda self: opened.set_result(None)})
        await loop.create_connection(factory, host, port)
        await opened


clients = {
    'aiohttp': lambda: aiohttp(False), 'aiohttp-unsafe': lambda: aiohttp(True), 'httpx-ws': httpx_ws, 'curl_cffi': curl_cffi,
    'websocket-client': websocket_client, 'websockets': websockets, 'tornado': tornado, 'autobahn': autobahn
}
running = clients[name]()
if running is not None:
    asyncio.run(running)
