// A client of nexus. See ../client.ts for what each of these programs does.
package main

import (
	"context"
	"net/http/cookiejar"
	"os"

	"github.com/gammazero/nexus/v3/client"
	"github.com/gammazero/nexus/v3/transport"
	"github.com/gammazero/nexus/v3/transport/serialize"
	"github.com/gammazero/nexus/v3/wamp"
	"github.com/gammazero/nexus/v3/wamp/crsign"
)

var serializations = map[string]serialize.Serialization{"json": serialize.JSON, "msgpack": serialize.MSGPACK, "cbor": serialize.CBOR}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func ticket(*wamp.Challenge) (string, wamp.Dict) { return "let me in", wamp.Dict{} }

func sign(challenge *wamp.Challenge) (string, wamp.Dict) {
	return crsign.RespondChallenge("123456", challenge, nil), wamp.Dict{}
}

func main() {
	address, method := os.Args[1], os.Args[3]
	jar, err := cookiejar.New(nil)
	check(err)
	config := client.Config{
		Realm:         "realm1",
		Serialization: serializations[os.Args[2]],
		WsCfg:         transport.WebsocketConfig{Jar: jar},
	}
	switch method {
	case "ticket", "return":
		config.HelloDetails = wamp.Dict{"authid": "joe"}
		config.AuthHandlers = map[string]client.AuthFunc{"ticket": ticket}
	case "wampcra":
		config.HelloDetails = wamp.Dict{"authid": "joe"}
		config.AuthHandlers = map[string]client.AuthFunc{"wampcra": sign}
	}

	ctx := context.Background()
	session, err := client.ConnectNet(ctx, address, config)
	check(err)
	if method == "return" {
		check(session.Close())
		config.AuthHandlers = map[string]client.AuthFunc{"cookie": ticket}
		session, err = client.ConnectNet(ctx, address, config)
		check(err)
	}

	check(session.Register("com.client.echo", func(_ context.Context, call *wamp.Invocation) client.InvokeResult {
		return client.InvokeResult{Args: call.Arguments, Kwargs: call.ArgumentsKw}
	}, nil))
	check(session.Subscribe("com.client.news", func(event *wamp.Event) {
		check(session.Publish("com.client.heard", nil, event.Arguments, event.ArgumentsKw))
	}, nil))
	result, err := session.Call(ctx, "com.app.greet", nil, wamp.List{"Grüße"}, nil, nil)
	check(err)
	check(session.Publish("com.client.result", wamp.Dict{"acknowledge": true}, result.Arguments, nil))
	<-session.Done()
}
