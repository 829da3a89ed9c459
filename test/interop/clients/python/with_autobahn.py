"""A client of Autobahn for Python. See ../client.ts for what each of these programs does."""
import sys

from autobahn.asyncio.component import Component, run
from autobahn.wamp.types import CallResult

url, serializer, method = sys.argv[1:]
authentication = {
    'anonymous': {'anonymous': {}},
    'ticket': {'ticket': {'authid': 'joe', 'ticket': 'let me in'}},
    'wampcra': {'wampcra': {'authid': 'joe', 'secret': '123456'}},
}[method]
component = Component(
    transports=[{'type': 'websocket', 'url': url, 'serializers': [serializer], 'max_retries': 0}],
    realm='realm1', authentication=authentication)


@component.on_join
async def joined(session, details):
    await session.register(lambda *args, **kwargs: CallResult(*args, **kwargs), 'com.client.echo')
    await session.subscribe(lambda *args, **kwargs: session.publish('com.client.heard', *args, **kwargs), 'com.client.news')
    session.publish('com.client.result', await session.call('com.app.greet', 'Grüße'))


run([component], log_level='error')
