// A client of xconn-go. See ../client.ts for what each of these programs does.
package main

import (
	"context"
	"os"

	"github.com/xconnio/wampproto-go/auth"
	"github.com/xconnio/xconn-go"
)

var serializers = map[string]xconn.SerializerSpec{"json": xconn.JSONSerializerSpec, "msgpack": xconn.MsgPackSerializerSpec, "cbor": xconn.CBORSerializerSpec}

var authenticators = map[string]auth.ClientAuthenticator{
	"ticket":  auth.NewTicketAuthenticator("joe", "let me in", nil),
	"wampcra": auth.NewWAMPCRAAuthenticator("joe", "123456", nil),
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func main() {
	client := xconn.Client{SerializerSpec: serializers[os.Args[2]], Authenticator: authenticators[os.Args[3]]}
	session, err := client.Connect(context.Background(), os.Args[1], "realm1")
	check(err)
	check(session.Register("com.client.echo", func(_ context.Context, call *xconn.Invocation) *xconn.InvocationResult {
		return &xconn.InvocationResult{Args: call.Args(), Kwargs: call.Kwargs()}
	}).Do().Err)
	check(session.Subscribe("com.client.news", func(event *xconn.Event) {
		check(session.Publish("com.client.heard").Args(event.Args()...).Kwargs(event.Kwargs()).Do().Err)
	}).Do().Err)
	result := session.Call("com.app.greet").Arg("Grüße").Do()
	check(result.Err)
	check(session.Publish("com.client.result").Args(result.Args()...).Acknowledge(true).Do().Err)
	<-session.Done()
}
