"""Runs Crossbar.io with the user joe and the secret 123456 on a port, and prints a line when it listens. Usage: start.py PORT"""
import json
import os
import socket
import subprocess
import sys
import tempfile
import time

port = int(sys.argv[1])
allow = {'call': True, 'register': True, 'publish': True, 'subscribe': True}
roles = [{'name': name, 'permissions': [{'uri': '', 'match': 'prefix', 'allow': allow}]} for name in ('anonymous', 'user')]
configuration = {
    'version': 2,
    'workers': [{
        'type': 'router',
        'realms': [{'name': 'realm1', 'roles': roles}],
        'transports': [{
            'type': 'websocket',
            'endpoint': {'type': 'tcp', 'port': port, 'interface': '127.0.0.1'},
            'auth': {'anonymous': {'type': 'static', 'role': 'anonymous'}, 'wampcra': {'type': 'static', 'users': {'joe': {'secret': '123456', 'role': 'user'}}}}
        }]
    }]
}
folder = tempfile.mkdtemp()
with open(os.path.join(folder, 'config.json'), 'w') as file:
    json.dump(configuration, file)
# Its own command names the folder in which it was installed, and that has been renamed.
run = 'import crossbar; crossbar.run()'
crossbar = subprocess.Popen([sys.executable, '-c', run, 'start', '--cbdir', folder, '--loglevel', 'error'])
while crossbar.poll() is None:
    try:
        socket.create_connection(('127.0.0.1', port)).close()
        print('listening', flush=True)
        break
    except OSError:
        time.sleep(0.1)
sys.exit(crossbar.wait())
