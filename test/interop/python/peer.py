"""
A WAMP client of Autobahn for Python on standard input and output.

The settings are the one argument, in JSON. Every line that comes in is a command, every line that goes out an answer to
one, or a report of what happened. It ends when standard input does, or when the connection is gone.
"""
import asyncio
import json
import ssl
import sys

import txaio
txaio.use_asyncio()

from autobahn.asyncio.rawsocket import WampRawSocketClientFactory, WampRawSocketClientProtocol  # noqa: E402
from autobahn.asyncio.wamp import ApplicationSession  # noqa: E402
from autobahn.asyncio.websocket import WampWebSocketClientFactory, WampWebSocketClientProtocol  # noqa: E402
from autobahn.wamp import auth  # noqa: E402
from autobahn.wamp.cryptosign import CryptosignKey  # noqa: E402
from autobahn.wamp.exception import ApplicationError  # noqa: E402
from autobahn.wamp.serializer import CBORSerializer, JsonSerializer, MsgPackSerializer  # noqa: E402
from autobahn.wamp.types import CallOptions, CallResult, ComponentConfig, PublishOptions, RegisterOptions, SubscribeOptions  # noqa: E402
from autobahn.websocket.util import parse_url  # noqa: E402

SERIALIZERS = {'json': JsonSerializer, 'msgpack': MsgPackSerializer, 'cbor': CBORSerializer}
SAFE = 2 ** 53


def plain(value):
    """The form in which the values of all clients are compared."""
    if isinstance(value, bytes):
        return {'octets': value.hex()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, float) and value.is_integer():
        return int(value)  # JavaScript does not tell them apart
    if isinstance(value, int) and abs(value) >= SAFE:
        return {'integer': str(value)}
    return value


def native(value):
    """The value of a plain form."""
    if isinstance(value, list):
        return [native(item) for item in value]
    if isinstance(value, dict):
        if list(value) == ['octets']:
            return bytes.fromhex(value['octets'])
        if list(value) == ['integer']:
            return int(value['integer'])
        return {key: native(item) for key, item in value.items()}
    return value


def values(args, kwargs):
    return {'args': plain(list(args or [])), 'kwargs': plain(dict(kwargs or {}))}


def say(**message):
    print(json.dumps(message), flush=True)


class Protocol(WampWebSocketClientProtocol):
    def onConnect(self, response):
        say(report='connected', subprotocol=response.protocol, setCookie=response.headers.get('set-cookie'))
        return super().onConnect(response)


class RawSocketProtocol(WampRawSocketClientProtocol):
    @property
    def transport_details(self):
        # Version 22.7.1 lacks it, and fails after WELCOME.
        return self._transport_details


class Peer(ApplicationSession):
    def __init__(self, settings, ended):
        super().__init__(ComponentConfig(settings['realm']))
        self.settings = settings
        self.ended = ended

    def onConnect(self):
        authextra = None
        if 'privateKey' in self.settings:
            self.key = CryptosignKey.from_bytes(bytes.fromhex(self.settings['privateKey']))
            authextra = {'pubkey': self.key.public_key()}
        self.join(self.settings['realm'], self.settings.get('authmethods'), self.settings.get('authid'), authextra=authextra)

    def onChallenge(self, challenge):
        say(report='challenge', method=challenge.method)
        if challenge.method == 'cryptosign':
            return self.key.sign_challenge(challenge)
        secret = self.settings['secret']
        if challenge.method == 'ticket':
            return secret
        extra = challenge.extra
        if 'salt' in extra:
            secret = auth.derive_key(secret, extra['salt'], extra['iterations'], extra['keylen'])
        return auth.compute_wcs(secret, extra['challenge'])

    def onJoin(self, details):
        say(report='joined', session=details.session, realm=details.realm, authid=details.authid, authrole=details.authrole,
            authmethod=details.authmethod, authprovider=details.authprovider, authextra=details.authextra)

    def onLeave(self, details):
        say(report='left', reason=details.reason)
        self.disconnect()

    def onDisconnect(self):
        self.ended()

    async def do_call(self, procedure, args=(), kwargs={}):
        result = await self.call(procedure, *native(list(args)), options=CallOptions(details=True), **native(kwargs))
        return values(result.results, result.kwresults)

    async def do_register(self, procedure, error=None, match=None):
        def answer(*args, **kwargs):
            seen = json.dumps(values(args, kwargs))
            if error is not None:
                raise ApplicationError(error, *args, seen=seen, **kwargs)
            return CallResult(*args, seen=seen, **kwargs)
        registration = await self.register(answer, procedure, options=RegisterOptions(match=match))
        return {'id': registration.id}

    async def do_register_name(self, procedure, name, match=None, invoke=None):
        await self.register(lambda: name, procedure, options=RegisterOptions(match=match, invoke=invoke))

    async def do_register_steps(self, procedure, steps):
        def go(details):
            for step in steps if details.progress else []:
                details.progress(step)
            return 'done'
        await self.register(go, procedure, options=RegisterOptions(details_arg='details'))

    async def do_call_steps(self, procedure):
        progress = []
        result = await self.call(procedure, options=CallOptions(on_progress=progress.append))
        return {'progress': progress, 'result': result}

    async def do_register_authenticator(self, procedure, principals):
        def authenticate(realm, authid, details):
            say(report='asked', args=[realm, authid, plain(details)])
            known = principals.get(details.get('authextra', {}).get('pubkey') or authid)
            if known is None:
                raise ApplicationError('com.example.no_such_user', f'no user {authid}')
            if 'ticket' in known and known['ticket'] != details['ticket']:
                raise ApplicationError('com.example.invalid_ticket', 'the ticket is wrong')
            return known['answer']
        await self.register(authenticate, procedure)

    async def do_register_authorizer(self, procedure, decisions):
        def authorize(session, uri, action, options):
            say(report='asked', args=[plain(session), uri, action, plain(options)])
            return decisions.get(f'{action} {uri}', False)
        await self.register(authorize, procedure)

    async def do_register_slow(self, procedure):
        async def wait():
            say(report='invoked')
            try:
                await asyncio.get_running_loop().create_future()
            except asyncio.CancelledError:
                # Left to itself, Autobahn never answers an interrupted invocation: it does not catch this exception.
                raise ApplicationError('com.error.interrupted')
        await self.register(wait, procedure)

    async def do_subscribe(self, topic, match=None):
        def event(*args, details, **kwargs):
            say(report='event', topic=details.topic, publication=details.publication, **values(args, kwargs))
        await self.subscribe(event, topic, options=SubscribeOptions(match=match, details_arg='details'))

    async def do_publish(self, topic, args=(), kwargs={}):
        publication = await self.publish(topic, *native(list(args)), options=PublishOptions(acknowledge=True), **native(kwargs))
        return {'publication': publication.id}

    async def do_leave(self, reason=None):
        self.leave(reason)

    async def obey(self, command):
        id, what = command.pop('id'), command.pop('do')
        try:
            say(id=id, done=await getattr(self, 'do_' + what)(**command))
        except ApplicationError as error:
            say(id=id, error=error.error, **values(error.args, error.kwargs))
        except Exception as error:
            say(id=id, error='client', args=[repr(error)], kwargs={})


async def connect(loop, peer, settings):
    url, serializer = settings['url'], SERIALIZERS[settings['serializer']](batched=settings.get('batched', False))
    context = None
    if 'tls' in settings:
        context = ssl.create_default_context(cafile=settings['tls']['ca'])
        if 'cert' in settings['tls']:
            context.load_cert_chain(settings['tls']['cert'], settings['tls']['key'])
    if url.startswith('rs'):
        factory = WampRawSocketClientFactory(lambda: peer, serializer=serializer)
        factory.protocol = RawSocketProtocol
        if url.startswith('rs+unix:'):
            return await loop.create_unix_connection(factory, url.removeprefix('rs+unix:'))
        host, port = url.removeprefix('rs://').split(':')
        return await loop.create_connection(factory, host, int(port), ssl=context)
    factory = WampWebSocketClientFactory(lambda: peer, url=url, serializers=[serializer], headers=settings.get('headers'))
    factory.protocol = Protocol
    _, host, port, *_ = parse_url(url)
    return await loop.create_connection(factory, host, port, ssl=context)


async def main(settings):
    loop = asyncio.get_running_loop()
    txaio.config.loop = loop
    commands = asyncio.StreamReader(limit=2 ** 20)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)

    peer = Peer(settings, commands.feed_eof)
    await connect(loop, peer, settings)

    tasks = set()
    while line := await commands.readline():
        task = asyncio.ensure_future(peer.obey(json.loads(line)))
        tasks.add(task)
        task.add_done_callback(tasks.discard)


asyncio.run(main(json.loads(sys.argv[1])))
