"""
A component of Autobahn for Python that connects again by itself, as it does by default. It reports on standard output when it
has joined. Usage: returning.py URL
"""
import asyncio
import sys

import txaio
txaio.use_asyncio()

from autobahn.asyncio.component import Component  # noqa: E402

component = Component(transports=sys.argv[1], realm='realm1')


@component.on_join
def joined(session, details):
    print('joined', flush=True)


loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)
txaio.config.loop = loop
# Its own `run` needs a function that Python 3.11 has no more.
loop.run_until_complete(component.start(loop))
