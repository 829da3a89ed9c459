// Connects twice with a library, named first, to a URL. What it is for, ../cookies.ts says.
package main

import (
	"context"
	"net/http"
	"net/http/cookiejar"
	"os"

	coder "github.com/coder/websocket"
	"github.com/gobwas/ws"
	"github.com/gorilla/websocket"
)

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func main() {
	name, url, ctx := os.Args[1], os.Args[2], context.Background()
	headers := http.Header{}
	if len(os.Args) > 3 {
		headers.Set("Cookie", os.Args[3])
	}
	jar, err := cookiejar.New(nil)
	check(err)
	for range 2 {
		switch name {
		case "gorilla", "gorilla-jar":
			dialer := websocket.Dialer{}
			if name == "gorilla-jar" {
				dialer.Jar = jar
			}
			socket, _, err := dialer.Dial(url, headers)
			check(err)
			check(socket.Close())
		case "coder", "coder-jar":
			options := &coder.DialOptions{HTTPHeader: headers}
			if name == "coder-jar" {
				options.HTTPClient = &http.Client{Jar: jar}
			}
			socket, _, err := coder.Dial(ctx, url, options)
			check(err)
			check(socket.CloseNow())
		case "gobwas":
			dialer := ws.Dialer{Header: ws.HandshakeHeaderHTTP(headers)}
			socket, _, _, err := dialer.Dial(ctx, url)
			check(err)
			check(socket.Close())
		}
	}
}
