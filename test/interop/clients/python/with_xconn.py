"""A client of xconn. See ../client.ts for what each of these programs does."""
import sys

from wampproto import auth, serializers
from xconn.client import Client
from xconn.types import Result

url, serializer, method = sys.argv[1:]
authenticator = {
    'anonymous': lambda: auth.AnonymousAuthenticator(''),
    'ticket': lambda: auth.TicketAuthenticator('joe', 'let me in'),
    'wampcra': lambda: auth.WAMPCRAAuthenticator('joe', '123456'),
}[method]()
codec = {'json': serializers.JSONSerializer, 'msgpack': serializers.MsgPackSerializer, 'cbor': serializers.CBORSerializer}[serializer]()
session = Client(authenticator, codec).connect(url, 'realm1')
session.register('com.client.echo', lambda call: Result(call.args, call.kwargs))
session.subscribe('com.client.news', lambda event: session.publish('com.client.heard', event.args, event.kwargs))
result = session.call('com.app.greet', ['Grüße'])
session.publish('com.client.result', result.args)
