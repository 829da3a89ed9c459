"""A client of swampyer, whose procedures answer with one value. See ../client.ts for what each of these programs does."""
import sys
import threading

from swampyer import WAMPClient, WAMPClientTicket

url, serializer, method = sys.argv[1:]
Client = WAMPClientTicket if method == 'ticket' else WAMPClient
login = {'username': 'joe', 'password': 'let me in'} if method == 'ticket' else {'authmethods': ['anonymous']}
session = Client(url=url, realm='realm1', serializers=[serializer], uri_base='', **login)
session.start()
session.register('com.client.echo', lambda call, *args, **kwargs: [args, kwargs])
session.subscribe('com.client.news', lambda event, *args, **kwargs: session.publish('com.client.heard', args=args, kwargs=kwargs))
session.publish('com.client.result', args=[session.call('com.app.greet', 'Grüße')])
threading.Event().wait()
