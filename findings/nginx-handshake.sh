#!/usr/bin/env bash
# Software: an nginx that is already on the machine (seen with 1.22.1); ws 8.23.0, npm.
# Expected: a location for WebSockets keeps the headers that the server block sets for all locations, `add_header` adds to
#           whatever nginx answers, and the client's headers reach the app.
# Instead:  the two lines for Upgrade and Connection that a WebSocket needs replace every `proxy_set_header` of the server
#           block. X-Forwarded-For disappears on the WebSocket only, so the app sees the proxy's address there. `add_header`
#           covers a list of status codes that lacks 101, so a cookie or header added by nginx is missing from the handshake
#           unless the directive ends in `always`. Headers with an underscore in their name are dropped.
# Seen:     the lines at the end of this script.
set -euo pipefail
source "$(dirname "$0")/lib.sh"
command -v nginx > /dev/null || { echo 'skipped: there is no nginx on this machine'; exit 0; }
nginx -v
npm_packages ws@8.23.0
app_port=$(free_port)
nginx_port=$(free_port)

cat > nginx.conf <<CONF
daemon off;
worker_processes 1;
pid $here/nginx.pid;
error_log $here/error.log;
events {}
http {
  access_log off;
  client_body_temp_path $here; proxy_temp_path $here; fastcgi_temp_path $here; uwsgi_temp_path $here; scgi_temp_path $here;
  server {
    listen 127.0.0.1:$nginx_port;
    proxy_set_header X-Forwarded-For \$remote_addr;
    add_header X-Added yes;
    location /http {
      proxy_pass http://127.0.0.1:$app_port;
    }
    location /ws {
      proxy_pass http://127.0.0.1:$app_port;
      proxy_http_version 1.1;
      proxy_set_header Upgrade \$http_upgrade;
      proxy_set_header Connection upgrade;
    }
    location /always {
      proxy_pass http://127.0.0.1:$app_port;
      proxy_http_version 1.1;
      proxy_set_header Upgrade \$http_upgrade;
      proxy_set_header Connection upgrade;
      proxy_set_header X-Forwarded-For \$remote_addr;
      add_header X-Added yes always;
    }
  }
}
CONF
nginx -p "$here" -c "$here/nginx.conf" &
background+=($!)

cat > try.mjs <<'JS'
import { once } from 'node:events'
import { createServer, get } from 'node:http'
import { WebSocket, WebSocketServer } from 'ws'

const [appPort, nginxPort] = process.argv.slice(2)
let received
const server = createServer((request, response) => { received = request.headers; response.end('hello') })
new WebSocketServer({ server }).on('connection', (socket, { headers }) => { received = headers })
await once(server.listen(appPort, '127.0.0.1'), 'listening')

const headers = { 'x-token': 'yes', x_token: 'yes' }
const show = (path, status, { 'x-added': added }) => console.log(`${path}: ${status}, X-Added ${added ?? 'none'};`,
  `the app got X-Forwarded-For ${received['x-forwarded-for'] ?? 'none'}, x-token ${received['x-token'] ?? 'none'}, x_token ${received.x_token ?? 'none'}`)

const [response] = await once(get(`http://127.0.0.1:${nginxPort}/http`, { headers }), 'response')
show('/http', response.statusCode, response.headers)
for (const path of ['/ws', '/always']) {
  const client = new WebSocket(`ws://127.0.0.1:${nginxPort}${path}`, { headers })
  const [[response]] = await Promise.all([once(client, 'upgrade'), once(client, 'open')])
  show(path, response.statusCode, response.headers)
}
process.exit()
JS
for _ in $(seq 50); do [ -f nginx.pid ] && break; sleep 0.1; done
timeout 60 node try.mjs "$app_port" "$nginx_port" > seen

expect seen <<'SEEN'
/http: 200, X-Added yes; the app got X-Forwarded-For 127.0.0.1, x-token yes, x_token none
/ws: 101, X-Added none; the app got X-Forwarded-For none, x-token yes, x_token none
/always: 101, X-Added yes; the app got X-Forwarded-For 127.0.0.1, x-token yes, x_token none
SEEN
